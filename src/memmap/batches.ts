import type { Pfn } from '../core/address.ts';
import type { Range } from '../core/ranges.ts';

/** Pages that are read, decoded and handed out at a time; a multiple of the largest free block of every kernel. */
export const BATCH_PAGES = 16384;
/** A free block of the largest order of any kernel starts at a multiple of this. */
const ALIGNMENT = 4096;

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
export function* batches(ranges: readonly Range[], first: number = BATCH_PAGES): Generator<Batch> {
  let size = first;
  for (const range of ranges) {
    let from = range.start;
    while (from < range.end) {
      const start = Math.floor(from / ALIGNMENT) * ALIGNMENT;
      const end = Math.min(size < BATCH_PAGES ? from + size : nextMultiple(start, BATCH_PAGES), range.end);
      yield { start, end, from };
      from = end;
      size = BATCH_PAGES;
    }
  }
}

function nextMultiple(at: number, of: number): number {
  return (Math.floor(at / of) + 1) * of;
}
