import type { Pfn } from '../core/address.ts';
import type { Range } from '../core/ranges.ts';

/** Pages that are read, decoded and handed out at a time; a multiple of the largest free block of every kernel. */
export const BATCH_PAGES = 16384;
/** A free block of the largest order of most kernels starts at a multiple of this. */
const ALIGNMENT = 4096;

/** What batches begin at multiples of where the largest free block has so many pages. */
export function alignmentFor(largestBlock: number): number {
  return Math.min(BATCH_PAGES, Math.max(ALIGNMENT, largestBlock));
}

/** Pages to be read at once, of which those from `from` on are wanted. */
export interface Batch {
  readonly start: Pfn;
  readonly end: Pfn;
  readonly from: Pfn;
}

/**
 * Batches that cover the ranges. Each begins at a multiple of the largest free block, and is of use from `from` on. The first
 * one has `first` pages, so that the first rows are there at once.
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
