/** Bytes in front of the first message of a file. */
const MAGIC_BYTES = 8;
const DICTIONARY = 2;
const END = Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0);

/**
 * A file as a stream: its dictionaries, which may stand anywhere in a file, come before its rows. Not every reader that Node.js
 * has takes them from behind.
 */
export function fileToStream(file: Uint8Array): Uint8Array {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const messages: { type: number; bytes: Uint8Array }[] = [];
  for (let at = MAGIC_BYTES; view.getInt32(at + 4, true) !== 0; ) {
    const start = at + 8;
    const head = view.getInt32(at + 4, true);
    const table = start + view.getUint32(start, true);
    const index = table - view.getInt32(table, true);
    const field = (id: number): number => table + view.getUint16(index + 4 + 2 * id, true);
    const body = Number(view.getBigInt64(field(3), true));
    const end = start + head + body;
    messages.push({ type: view.getUint8(field(1)), bytes: file.subarray(at, end) });
    at = end;
  }
  const [schema, ...rest] = messages;
  const dictionaries = rest.filter(({ type }) => type === DICTIONARY);
  const batches = rest.filter(({ type }) => type !== DICTIONARY);
  return Buffer.concat([schema!, ...dictionaries, ...batches].map(({ bytes }) => bytes).concat(END));
}
