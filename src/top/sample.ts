import { milliseconds } from '../core/clock.ts';
import { summarize } from '../inspector/export-rows.ts';
import type { Inspector } from '../inspector/inspector.ts';
import { lacksObjects } from '../inspector/lacks-objects.ts';
import { noCounts } from '../scan/scan.ts';
import { nameOf } from '../table/column.ts';
import type { ZoneSummary } from '../views/summary.ts';

/** Columns by which the owners of pages are counted. */
export const TOP_OWNERS = ['slab_cache', 'process', 'file', 'memcg', 'call_site'] as const;

export type TopOwner = (typeof TOP_OWNERS)[number];

/** What pages are counted by: their classes, which take walks over all kernel objects, or their types. */
export type TopUse = 'class' | 'type';

/** What is counted in a sample. */
export interface SampleOptions {
  readonly by: TopUse;
  readonly owner: TopOwner;
  /** Maximum number of threads. */
  readonly jobs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** Numbers of pages at one moment. */
export interface Sample {
  /** Milliseconds on a clock of its own, for rates. */
  readonly at: number;
  readonly time: Date;
  readonly pages: number;
  readonly by: TopUse;
  readonly uses: ReadonlyMap<string, number>;
  readonly zones: readonly ZoneSummary[];
  readonly owner: TopOwner;
  /** Pages by owner; pages without one are not counted. */
  readonly owners: ReadonlyMap<string, number>;
  /** Struct pages that could not be read. */
  readonly unread: number;
  /** What could not be followed to the end, one sentence each. */
  readonly gaps: readonly string[];
  /** Milliseconds that it took. */
  readonly cost: number;
}

/** Why an image cannot tell what pages are to be counted by; undefined if it can. */
export function whyNot(inspector: Inspector, what: TopUse | TopOwner): string | undefined {
  if (what === 'type') return undefined;
  if (!inspector.columns.includes(what)) return `this kernel has no ${what}`;
  return what === 'slab_cache' ? undefined : lacksObjects(inspector);
}

/** Counts all pages as they are now. Throws UnsupportedError for what the image cannot tell. */
export async function takeSample(inspector: Inspector, options: SampleOptions): Promise<Sample> {
  const { by, owner, jobs = 1, signal } = options;
  const begun = milliseconds();
  inspector.refresh();
  const counts = noCounts();
  const all = await summarize(inspector, signal ? { signal } : {}, jobs, counts);
  const uses = by === 'type' ? all.types : await countBy(inspector, 'class', signal);
  const owners = owner === 'slab_cache' ? all.slabCaches : await countBy(inspector, owner, signal);
  const { ok, absent, ...lost } = counts;
  return {
    at: begun,
    time: new Date(),
    pages: all.pages,
    by,
    uses,
    zones: [...all.zones.values()],
    owner,
    owners,
    unread: Object.values(lost).reduce((sum, n) => sum + n, 0),
    gaps: inspector.gaps.map(({ what, why }) => `${what}: ${why}`),
    cost: milliseconds() - begun,
  };
}

/** Pages by a column of names. A page that several processes map counts for each. */
export async function countBy(
  inspector: Inspector,
  column: 'class' | TopOwner,
  signal: AbortSignal | undefined,
): Promise<Map<string, number>> {
  const byCode: number[] = [];
  let names: readonly string[] = [];
  const selection = { columns: [column], ...(signal ? { signal } : {}) };
  for await (const { batch, rows } of inspector.select(selection, noCounts())) {
    const values = batch.columns.get(column);
    names = values.names;
    for (const row of rows) {
      const code = values.codes[row]!;
      byCode[code] = (byCode[code] ?? 0) + 1;
    }
  }
  const pages = new Map<string, number>();
  for (const [code, n] of byCode.entries()) {
    const name = nameOf(names, code);
    if (n === undefined || name === '') continue;
    for (const one of column === 'process' ? name.split(', ') : [name]) {
      pages.set(one, (pages.get(one) ?? 0) + n);
    }
  }
  return pages;
}
