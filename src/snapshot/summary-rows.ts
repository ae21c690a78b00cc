import { PAGE_CLASSES } from '../classify/classes.ts';
import { BLOCK_STATES, type PageCounter } from './page-counter.ts';
import type { FreeRow, SnapshotFacts, SummaryRow } from './schema.ts';

/** What the rows of `summary` are made of, beside the counts. */
export interface SummaryParts {
  readonly counter: PageCounter;
  readonly facts: SnapshotFacts;
  readonly pageBytes: number;
  /** Whether classes were counted. */
  readonly hasClasses: boolean;
  /** Number of cgroups that have a row: those with most pages. */
  readonly topMemcgs: number;
  /** Active objects by slab cache, if they were counted. */
  readonly objects: ReadonlyMap<string, number> | undefined;
}

const MAX_ORDERS = 64;
const NOTHING = {
  node: undefined,
  zone: undefined,
  name: undefined,
  order: undefined,
  migratetype: undefined,
  objects: undefined,
} as const;

/** The rows of `summary`. */
export function* summaryRows(parts: SummaryParts): Generator<SummaryRow> {
  const { counter, facts, pageBytes, hasClasses, topMemcgs, objects } = parts;
  const row = (by: string, pages: number, more: Partial<SummaryRow>): SummaryRow => ({
    ...facts,
    ...NOTHING,
    by,
    pages,
    bytes: pages * pageBytes,
    ...more,
  });
  if (hasClasses) {
    for (const [place, name, count] of classCounts(counter)) {
      yield row('class', count, { ...counter.places[place]!, name });
    }
  }
  // groups must not overlap: what adds them up would count pages twice
  for (const { place, code, count } of hasClasses ? [] : counter.byType.entries()) {
    yield row('type', count, { ...counter.places[place]!, name: counter.types.list[code]! });
  }
  for (const { order, migratetype, blocks, ...place } of freeRows(counter, facts)) {
    const { node, zone } = place;
    yield row('free', blocks * 2 ** order!, { node, zone, order, migratetype });
  }
  for (const { code, count } of counter.byCache.entries()) {
    const name = counter.caches.list[code]!;
    yield row('slab_cache', count, { name, objects: objects?.get(name) });
  }
  const memcgs = [...counter.byMemcg.entries()].sort((a, b) => b.count - a.count || a.code - b.code);
  for (const { code, count } of memcgs.slice(0, topMemcgs)) {
    yield row('memcg', count, { name: counter.memcgs.list[code]! });
  }
  const states = BLOCK_STATES.length;
  for (const { place, code, count } of counter.byBlock.entries()) {
    const migratetype = counter.migratetypes.list[Math.floor(code / states) - 1];
    yield row('pageblock', count, {
      ...counter.places[place]!,
      name: BLOCK_STATES[code % states]!,
      migratetype,
    });
  }
}

/** Pages by place and class; subclasses are added up. */
function* classCounts({ byClass }: PageCounter): Generator<[place: number, name: string, count: number]> {
  const sums = new Map<string, [place: number, name: string, count: number]>();
  for (const { place, code, count } of byClass.entries()) {
    const { name } = PAGE_CLASSES[code]!;
    const key = `${place} ${name}`;
    const sum = sums.get(key) ?? [place, name, 0];
    sum[2] += count;
    sums.set(key, sum);
  }
  yield* sums.values();
}

/** The rows of `free`. */
export function* freeRows(
  counter: PageCounter,
  facts: SnapshotFacts,
): Generator<FreeRow & { order: number; blocks: number }> {
  for (const { place, code, count } of counter.freeBlocks.entries()) {
    const migratetype = counter.migratetypes.list[Math.floor(code / MAX_ORDERS) - 1];
    yield { ...facts, ...counter.places[place]!, order: code % MAX_ORDERS, migratetype, blocks: count };
  }
}
