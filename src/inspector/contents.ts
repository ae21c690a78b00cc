import { intersect, lengthOf, type Range } from '../core/ranges.ts';
import type { PhysicalRun } from '../sources/image-format.ts';
import type { Inspector } from './inspector.ts';

export type FrameState = PhysicalRun['state'];

/** Page frames of one kind, counted by what the image has of their contents. */
export interface FrameKind {
  readonly kind: string;
  readonly frames: Readonly<Partial<Record<FrameState, number>>>;
}

/** What an image has of the contents of page frames, by the kind that their struct pages tell. */
export interface Contents {
  readonly kinds: readonly FrameKind[];
  /** The number of page frames in the sample, and the number of all. */
  readonly looked: number;
  readonly of: number;
  /** What a filter left out, in words; undefined if nothing. */
  readonly leftOut: string | undefined;
}

/** The kinds that a filter distinguishes, with their conditions; the first match wins. */
const KINDS = [
  ['free pages', 'type == buddy'],
  ['user pages', 'type == hugetlb || type is empty && mapping_kind in (anon, ksm)'],
  ['page cache', 'type is empty && mapping_kind == file'],
  ['slabs', 'type == slab'],
  ['page tables', 'type == table'],
  ['reserved pages', 'type is empty && flags has reserved'],
] as const;
const OTHER = 'other pages';
/** Pages whose struct page cannot be read. */
const UNKNOWN = 'not known';
const WINDOW = 16384;
const MOST_WINDOWS = 16;
const STATES: readonly FrameState[] = ['present', 'excluded', 'hole', 'truncated', 'damaged', 'unreadable'];

/** Compares the struct pages of `ranges` with the memory that the image has. */
export function contentsOf(inspector: Inspector, ranges: readonly Range[]): Contents {
  const { model } = inspector;
  const states = new Map(ranges.map((r) => [r.start, statesOf(inspector, r)]));
  const count = (where?: string): number[] => {
    const counts = STATES.map(() => 0);
    const selection = where === undefined ? {} : { where };
    for (const { batch, rows } of inspector.selectSync({ columns: ['pfn'], pfns: ranges, ...selection })) {
      for (const row of rows) {
        const pfn = batch.start + row;
        const range = ranges.findLast((r) => r.start <= pfn);
        if (range) counts[states.get(range.start)![pfn - range.start]!]!++;
      }
    }
    return counts;
  };
  const total = STATES.map(() => 0);
  for (const all of states.values()) for (const state of all) total[state]!++;
  const known = count();
  const counts = KINDS.map(([kind, where]) => [kind, count(where)] as const);
  const minus = (from: readonly number[], ...others: readonly (readonly number[])[]): number[] =>
    from.map((sum, i) => others.reduce((rest, other) => rest - other[i]!, sum));
  const kinds = [
    ...counts,
    [OTHER, minus(known, ...counts.map(([, n]) => n))] as const,
    [UNKNOWN, minus(total, known)] as const,
  ].map(([kind, n]) => ({
    kind,
    frames: Object.fromEntries(STATES.map((s, i) => [s, n[i]!] as const).filter(([, frames]) => frames > 0)),
  }));
  return {
    kinds: kinds.filter((k) => k.kind !== UNKNOWN || Object.keys(k.frames).length > 0),
    looked: lengthOf(ranges),
    of: lengthOf(model.present),
    leftOut: wordsFor(kinds),
  };
}

/** The ranges of pfns to sample: all of them if they are few, otherwise some spread evenly. */
export function windowsOf(present: readonly Range[]): Range[] {
  const all: Range[] = [];
  for (const { start, end } of present) {
    for (let at = Math.floor(start / WINDOW) * WINDOW; at < end; at += WINDOW)
      all.push(...intersect([{ start, end }], [{ start: at, end: at + WINDOW }]));
  }
  if (all.length <= MOST_WINDOWS) return all;
  return Array.from({ length: MOST_WINDOWS }, (_, i) => all[Math.floor((i * all.length) / MOST_WINDOWS)]!);
}

/** An index into STATES for each page frame of a range. */
function statesOf({ image, kernel }: Inspector, range: Range): Uint8Array {
  const size = kernel.pageBytes;
  const states = new Uint8Array(range.end - range.start);
  for (let pfn = range.start; pfn < range.end; ) {
    const run = image.memory.runAt(pfn * size);
    // a frame that is partly present counts by its first byte
    const end = Math.min(range.end, Math.max(pfn + 1, Math.ceil(run.end / size)));
    states.fill(STATES.indexOf(run.state), pfn - range.start, end - range.start);
    pfn = end;
  }
  return states;
}

/** The share of excluded pages of each kind. */
function wordsFor(kinds: readonly FrameKind[]): string | undefined {
  const parts = kinds.flatMap(({ kind, frames }) => {
    const excluded = frames.excluded ?? 0;
    if (excluded === 0) return [];
    const share = (100 * excluded) / (excluded + (frames.present ?? 0));
    return [`${share === 100 ? '100' : Math.min(share, 99.9).toFixed(1)} % of ${kind}`];
  });
  return parts.length === 0 ? undefined : parts.join(', ');
}
