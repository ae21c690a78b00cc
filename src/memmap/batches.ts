import type { Pfn } from '../core/address.ts';
import type { Range } from '../core/ranges.ts';

/** Number of pages that are read, decoded and passed on at a time; a multiple of the largest free block of every kernel. */
export const BATCH_PAGES = 16384;
/** The largest free block of most kernels, in pages; such a block starts at a multiple of this. */
const ALIGNMENT = 4096;

/** The alignment of batches for a kernel whose largest free block has this many pages. */
export function alignmentFor(largestBlock: number): number {
  return Math.min(BATCH_PAGES, Math.max(ALIGNMENT, largestBlock));
}

/** Pages to read at once; those from `from` on are requested. */
export interface Batch {
  readonly start: Pfn;
  readonly end: Pfn;
  readonly from: Pfn;
}

/**
 * Splits ranges into batches. Each starts at a multiple of the largest free block; its pages from `from` on are requested.
 * The first has `first` pages, so that the first rows appear soon.
 */
export function* batches(
  ranges: readonly Range[],
  first: number = BATCH_PAGES,
  alignment: number = ALIGNMENT,
): Generator<Batch> {
  let size = first;
  for (const range of ranges) {
    let from = range.start;
    while (from < range.end) {
      const start = Math.floor(from / alignment) * alignment;
      const whole = nextMultiple(start, BATCH_PAGES);
      const end = Math.min(size < BATCH_PAGES ? from + size : whole, start + BATCH_PAGES, range.end);
      yield { start, end, from };
      from = end;
      size = BATCH_PAGES;
    }
  }
}

function nextMultiple(at: number, of: number): number {
  return (Math.floor(at / of) + 1) * of;
}
