/** Writes records in the flattened form of makedumpfile -F, in the order given, with the end mark unless `cut`. */
export function flatten(records: readonly { at: number; bytes: Uint8Array }[], cut = false): Uint8Array {
  const length = 4096 + records.reduce((n, r) => n + 16 + r.bytes.length, 0) + (cut ? 0 : 16);
  const out = new Uint8Array(length);
  const view = new DataView(out.buffer);
  out.set(new TextEncoder().encode('makedumpfile'));
  view.setBigInt64(16, 1n);
  view.setBigInt64(24, 1n);
  let at = 4096;
  for (const record of records) {
    view.setBigInt64(at, BigInt(record.at));
    view.setBigInt64(at + 8, BigInt(record.bytes.length));
    out.set(record.bytes, at + 16);
    at += 16 + record.bytes.length;
  }
  if (!cut) {
    view.setBigInt64(at, -1n);
    view.setBigInt64(at + 8, -1n);
  }
  return out;
}

/** The whole of a file as records of `size` bytes, back to front, so that nothing is in order. */
export function flattenWhole(file: Uint8Array, size = 4096): Uint8Array {
  const records: { at: number; bytes: Uint8Array }[] = [];
  for (let at = 0; at < file.length; at += size) records.push({ at, bytes: file.subarray(at, at + size) });
  return flatten(records.reverse());
}
