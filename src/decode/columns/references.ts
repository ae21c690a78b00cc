import { type Lane, putOptional } from '../lanes.ts';
import type { LaneContext, PageColumn } from './page-column.ts';

export const refsExpected: PageColumn<'refs_expected', 'number'> = {
  name: 'refs_expected',
  kind: 'number',
  help: 'refcount that the known holders of the page add up to: mappings, caches, pins, batches, pipes',
  numbers: 'int32',
  mayBeEmpty: true,
  needsMap: 'references',
  onDemand: true,
  lane: (context) => counts(context, 'refs_expected', (refcount, extra) => refcount - extra),
};

export const refsUnexplained: PageColumn<'refs_unexplained', 'number'> = {
  name: 'refs_unexplained',
  kind: 'number',
  help: 'refcount minus refs_expected: references without a known holder',
  numbers: 'int32',
  mayBeEmpty: true,
  needsMap: 'references',
  onDemand: true,
  lane: (context) => counts(context, 'refs_unexplained', (_, extra) => extra),
};

/** The lane of a count that not all pages have. */
function counts(
  context: LaneContext,
  name: string,
  value: (refcount: number, unexplained: number) => number,
): Lane {
  const { maps, pages, layout, start, count } = context;
  const at = context.area(name, 8);
  const { classes, references } = maps!;
  const { known, pfns, unexplained } = references!;
  const halves = pages.loops.ints(at, 2 * count);
  const words = pages.loops.ints(pages.raw, (count * layout.size) / 4);
  const refcountAt = layout.offsets.refcount / 4;
  let next = firstAtOrAbove(pfns, start);
  for (let i = 0; i < count; i++) {
    const pfn = start + i;
    let extra = 0;
    if (pfns[next] === pfn) extra = unexplained[next++]!;
    const isKnown = known[classes![pfn]!] === 1;
    putOptional(halves, i, isKnown ? value(words[i * (layout.size / 4) + refcountAt]!, extra) : undefined);
  }
  return { kind: 'optional', at, as: 'number' };
}

function firstAtOrAbove(sorted: Float64Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
