import type { ColumnSpec } from '../table/column.ts';
import { batchesOf, type RowOf } from '../table/rows-table.ts';
import type { Table } from '../table/table.ts';
import type { Comparison } from './compare.ts';
import { grownBy } from './growth.ts';

/** The lists of a comparison that can be printed as tables. */
export type DiffList = 'uses' | 'flows' | 'growth' | 'suspects';

const FIRST = { name: 'first', kind: 'number', help: 'pages in the first dump' } as const;
const LAST = { name: 'last', kind: 'number', help: 'pages in the last dump' } as const;
const SERIES = {
  name: 'series',
  kind: 'name',
  help: 'pages in each dump, joined by commas',
} as const;
const GROWN = {
  name: 'grown',
  kind: 'number',
  help: 'pages in the last dump less those in the first',
} as const;
const KIB = {
  name: 'kib',
  kind: 'number',
  mayBeEmpty: true,
  help: 'the same in KiB; empty if the page size is not known',
} as const;
const USE = {
  name: 'use',
  kind: 'name',
  help: 'class of the pages, or type where classes are not known',
} as const;

/** A list of a comparison as a table. */
export function diffTable(comparison: Comparison, list: DiffList): Table {
  const [firstBytes, bytes] = [comparison.stops[0]!.pageBytes, comparison.stops.at(-1)!.pageBytes];
  const sizes = (pages: readonly number[]) => {
    const [first, last] = [pages[0]!, pages.at(-1)!];
    return {
      first,
      last,
      grown: grownBy({ name: '', pages }),
      kib: firstBytes && bytes ? (last * bytes - first * firstBytes) / 1024 : undefined,
      series: pages.join(','),
    };
  };
  switch (list) {
    case 'uses':
      return made('uses', USES, () =>
        comparison.uses.map(({ name, pages }) => ({ use: name, ...sizes(pages) })),
      );
    case 'flows':
      return made('flows', FLOW, () =>
        comparison.flows.map(({ from, to, pages }) => ({
          from: from || undefined,
          to: to || undefined,
          pages,
          kib: bytes && (pages * bytes) / 1024,
        })),
      );
    case 'growth':
      return made('growth', GROWTH, () =>
        comparison.growth.flatMap(({ by, parts }) =>
          parts.map(({ name, pages }) => ({ by, name, ...sizes(pages) })),
        ),
      );
    case 'suspects':
      return made('suspects', SUSPECTS, () =>
        comparison.suspects.map((s, i) => ({
          rank: i + 1,
          use: s.use,
          owner_kind: s.kind || undefined,
          owner: s.owner || undefined,
          ...sizes(s.pages),
          lost: s.lost,
          kept: Math.floor(s.kept * 100),
          through: s.through,
          monotonic: Number(s.isMonotonic),
          cache: Number(s.isCache),
        })),
      );
  }
}

const USES = [USE, FIRST, LAST, GROWN, KIB, SERIES] as const;

const FLOW = [
  {
    name: 'from',
    kind: 'name',
    mayBeEmpty: true,
    help: 'use in the first dump; empty if it has no readable struct page',
  },
  {
    name: 'to',
    kind: 'name',
    mayBeEmpty: true,
    help: 'use in the last dump; empty if it has no readable struct page',
  },
  { name: 'pages', kind: 'number', help: 'pages that went from one use to the other' },
  KIB,
] as const satisfies readonly ColumnSpec[];

const BY = { name: 'by', kind: 'name', help: 'column by which the pages are grouped' } as const;
const NAME = { name: 'name', kind: 'name', help: 'the value of that column' } as const;

const SUSPECT = [
  { name: 'rank', kind: 'number', help: 'place in the order of suspicion, from 1' },
  USE,
  { name: 'owner_kind', kind: 'name', mayBeEmpty: true, help: 'column that names the owner' },
  {
    name: 'owner',
    kind: 'name',
    mayBeEmpty: true,
    help: 'slab cache, caller of vmalloc(), file or processes',
  },
] as const satisfies readonly ColumnSpec[];

const STAYED = [
  { name: 'lost', kind: 'number', help: 'pages that it had in one dump and not in the next' },
  { name: 'kept', kind: 'number', help: 'percentage of its pages that it still had in the next dump' },
  { name: 'through', kind: 'number', help: 'pages that it has in all dumps' },
  { name: 'monotonic', kind: 'number', help: '1 if it never shrank from one dump to the next' },
  { name: 'cache', kind: 'number', help: '1 for page cache, which the kernel can drop' },
] as const satisfies readonly ColumnSpec[];

const GROWTH = [BY, NAME, FIRST, LAST, GROWN, KIB, SERIES] as const;
const SUSPECTS = [...SUSPECT, FIRST, LAST, GROWN, KIB, ...STAYED, SERIES] as const;

/** The columns of each list. */
export const DIFF_COLUMNS: Readonly<Record<DiffList, readonly ColumnSpec[]>> = {
  uses: USES,
  flows: FLOW,
  growth: GROWTH,
  suspects: SUSPECTS,
};

function made<const C extends readonly ColumnSpec[]>(
  name: string,
  columns: C,
  rows: () => readonly RowOf<C>[],
): Table {
  return {
    name,
    columns,
    rows: () => batchesOf(columns, rows() as readonly RowOf<readonly ColumnSpec[]>[]),
  };
}
