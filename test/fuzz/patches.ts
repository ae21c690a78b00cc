/** Bytes of a file or of memory that are others. */
export interface Patch {
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** Puts the patches into what was read from `offset` on: the first `length` bytes of `target`. */
export function applyPatches(
  patches: readonly Patch[],
  offset: number,
  target: Uint8Array,
  length: number,
): void {
  for (const { at, bytes } of patches) {
    const from = Math.max(at, offset);
    const to = Math.min(at + bytes.length, offset + length);
    if (from < to) target.set(bytes.subarray(from - at, to - at), from - offset);
  }
}
