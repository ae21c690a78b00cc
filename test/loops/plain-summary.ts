import type { Summary } from '../../src/views/summary.ts';

/** A summary in an order that does not depend on what was met first. */
export function plainSummary(summary: Summary): unknown {
  const sorted = (map: ReadonlyMap<string, unknown>): unknown =>
    [...map].sort((a, b) => (a[0] < b[0] ? -1 : 1));
  const whole = (list: readonly number[]): number[] =>
    Array.from(list, (n) => Math.round((n ?? 0) * 2 ** 30));
  return {
    pages: summary.pages,
    types: sorted(summary.types),
    flags: sorted(summary.flags),
    caches: sorted(summary.slabCaches),
    folios: whole(summary.folios),
    zones: sorted(
      new Map([...summary.zones].map(([k, z]) => [k, { ...z, freeBlocks: whole(z.freeBlocks) }])),
    ),
  };
}
