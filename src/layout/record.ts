import type { DataModel } from '../core/data-model.ts';

/**
 * Struct pages are read as records of little-endian 64-bit words, whatever the kernel, so that one fast path decodes them.
 * Memory of big-endian kernels is swapped in 64-bit words; that of 32-bit kernels is widened word by word.
 */

/** Size of the record of a struct page that has `size` bytes in memory. */
export function recordSize(size: number, { wordBytes }: DataModel): number {
  return (size / wordBytes) * 8;
}

/** The offset within the record of a member of `size` bytes at `offset` in memory. */
export function recordOffset(offset: number, size: number, { wordBytes, littleEndian }: DataModel): number {
  const within = offset % wordBytes;
  const start = ((offset - within) / wordBytes) * 8;
  // a member of at least a word starts at a word
  return start + (littleEndian || size >= wordBytes ? within : wordBytes - size - within);
}

/** Converts records back to the bytes in memory. */
export function memoryOf(records: Uint8Array, { wordBytes, littleEndian }: DataModel): Uint8Array {
  const words = records.slice();
  if (wordBytes === 4) {
    const from = new DataView(records.buffer, records.byteOffset, records.byteLength);
    const narrow = new Uint8Array(records.length / 2);
    const to = new DataView(narrow.buffer);
    for (let i = 0; i * 8 < records.length; i++)
      to.setUint32(i * 4, from.getUint32(i * 8, true), littleEndian);
    return narrow;
  }
  if (!littleEndian) swapRecords(words);
  return words;
}

/** Converts struct pages in memory to records, in place, in multiples of 8 bytes; does nothing if they are the same. */
export function swapRecords(bytes: Uint8Array): void {
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).swap64();
}

/** Copies 32-bit words to the low halves of 64-bit words: `target` has twice the bytes of `source`. */
export function widenRecords(source: Uint8Array, target: Uint8Array, littleEndian: boolean): void {
  const from = new DataView(source.buffer, source.byteOffset, source.byteLength);
  const to = new Uint32Array(target.buffer, target.byteOffset, target.byteLength >>> 2);
  for (let i = 0; i * 4 < source.length; i++) {
    to[2 * i] = from.getUint32(i * 4, littleEndian);
    to[2 * i + 1] = 0;
  }
}
