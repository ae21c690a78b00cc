import type { Range } from '../core/ranges.ts';

/** Pfns that follow each other in the map, from position `at` on. */
export interface Stretch extends Range {
  readonly at: number;
}

/** Stretches begin and end at multiples of this many pages, so that pageblocks and large folios stay squares. */
const UNIT = 1024;
/** A gap in the array is shown if it has at most this part of the pages. */
const WIDEST_GAP = 1 / 4;

/**
 * The places of pfns in a map. Wide gaps without struct pages, for example between the memory of two nodes, are left out of it;
 * narrow ones are shown as what they are.
 */
export function stretchesOf(present: readonly Range[]): Stretch[] {
  const pages = present.reduce((sum, { start, end }) => sum + end - start, 0);
  const out: { start: number; end: number; at: number }[] = [];
  for (const range of present) {
    const start = Math.floor(range.start / UNIT) * UNIT;
    const end = Math.ceil(range.end / UNIT) * UNIT;
    const last = out.at(-1);
    if (last && start - last.end <= pages * WIDEST_GAP) last.end = Math.max(last.end, end);
    else out.push({ start, end, at: last ? last.at + last.end - last.start : 0 });
  }
  return out;
}

/** The number of positions of a map. */
export function positionsOf(stretches: readonly Stretch[]): number {
  const last = stretches.at(-1);
  return last ? last.at + last.end - last.start : 0;
}

/** The position of a pfn; undefined if it is not in the map. */
export function positionOf(stretches: readonly Stretch[], pfn: number): number | undefined {
  const stretch = stretches.find((s) => pfn >= s.start && pfn < s.end);
  return stretch && stretch.at + pfn - stretch.start;
}

/** The pfn at a position; undefined behind the last one. */
export function pfnAt(stretches: readonly Stretch[], position: number): number | undefined {
  const stretch = stretches.findLast((s) => s.at <= position);
  const pfn = stretch && stretch.start + position - stretch.at;
  return pfn === undefined || pfn >= stretch!.end ? undefined : pfn;
}
