import type { Sample } from './sample.ts';

/** The order of rows. */
export const TOP_ORDERS = ['size', 'rate', 'name'] as const;

export type TopOrder = (typeof TOP_ORDERS)[number];

/** Pages under one name, and how fast their number changes. */
export interface TopRow {
  readonly name: string;
  readonly pages: number;
  /** Pages a second since the sample before; undefined in the first. */
  readonly rate: number | undefined;
}

/** The part of a sample that is listed. */
export type Listed = 'uses' | 'owners';

/** Rows in an order. Names that have no page any more are listed once more, with their rate. */
export function rowsOf(now: Sample, before: Sample | undefined, what: Listed, order: TopOrder): TopRow[] {
  const comparable = before !== undefined && isAlike(now, before, what) ? before : undefined;
  const seconds = comparable ? Math.max(0.001, (now.at - comparable.at) / 1000) : 0;
  const names = new Set([...now[what].keys(), ...(comparable?.[what].keys() ?? [])]);
  const rows = [...names].map((name): TopRow => {
    const pages = now[what].get(name) ?? 0;
    const rate = comparable && (pages - (comparable[what].get(name) ?? 0)) / seconds;
    return { name, pages, rate };
  });
  return rows.sort((a, b) => COMPARE[order](a, b) || COMPARE.size(a, b) || COMPARE.name(a, b));
}

/** Whether both samples count by the same. */
function isAlike(now: Sample, before: Sample, what: Listed): boolean {
  return what === 'uses' ? now.by === before.by : now.owner === before.owner;
}

const COMPARE: Readonly<Record<TopOrder, (a: TopRow, b: TopRow) => number>> = {
  size: (a, b) => b.pages - a.pages,
  rate: (a, b) => Math.abs(b.rate ?? 0) - Math.abs(a.rate ?? 0),
  name: (a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
};
