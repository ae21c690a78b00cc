import { UsageError } from '../core/errors.ts';
import type { Column, ColumnSpec } from '../table/column.ts';
import type { Table, TableRows } from '../table/table.ts';
import { type Basis, basisOf, isByPage, relationOf } from './basis.ts';
import type { Held } from './hands.ts';
import type { Measure, Stop } from './stop.ts';
import { walkStops } from './walk.ts';
import { WINDOW } from './windows.ts';

const EMPTY = 'empty if it has no readable struct page';

/** The columns of changed pages. */
export const CHANGED_COLUMNS: readonly ColumnSpec[] = [
  { name: 'pfn', kind: 'number', help: 'page frame number' },
  { name: 'before', kind: 'name', mayBeEmpty: true, help: `class, or type, in the first dump; ${EMPTY}` },
  { name: 'after', kind: 'name', mayBeEmpty: true, help: `class, or type, in the last dump; ${EMPTY}` },
  { name: 'owner_before', kind: 'name', mayBeEmpty: true, help: 'its owner in the first dump' },
  { name: 'owner_after', kind: 'name', mayBeEmpty: true, help: 'its owner in the last dump' },
  {
    name: 'changes',
    kind: 'number',
    help: 'from how many dumps to the next its class or owner changed',
    numbers: 'int32',
  },
];

/**
 * The pages whose class or owner changed between the stops, in ascending order of pfn. Throws UsageError for stops of different
 * boots, whose pages have nothing to do with each other.
 */
export function changedPages(stops: readonly Stop[], wanted?: Measure): Table {
  const relation = relationOf(stops);
  if (!isByPage(relation)) {
    throw new UsageError(`pages can only be compared within one boot: ${relation.evidence}`);
  }
  const basis = basisOf(stops, wanted);
  return {
    name: 'changed_pages',
    columns: CHANGED_COLUMNS,
    rows: () => changedRows(stops, basis),
  };
}

async function* changedRows(stops: readonly Stop[], basis: Basis): AsyncGenerator<TableRows> {
  const owners: string[] = [''];
  const { uses, hands } = basis.hands;
  for await (const { start, held } of walkStops(stops, basis)) {
    while (owners.length < hands.length) owners.push(hands[owners.length]!.owner);
    const rows = changed(held);
    if (rows.length > 0) yield { batch: batchOf(start, held, uses, owners), rows };
  }
}

/** The indices of pages that are not in the same hands in all stops. */
function changed(held: readonly Held[]): Uint32Array {
  const rows = new Uint32Array(WINDOW);
  let count = 0;
  for (let i = 0; i < WINDOW; i++) {
    const first = held[0]!.hands[i];
    if (held.some((h) => h.hands[i] !== first)) rows[count++] = i;
  }
  return rows.subarray(0, count);
}

function batchOf(
  start: number,
  held: readonly Held[],
  uses: readonly string[],
  owners: readonly string[],
): TableRows['batch'] {
  const [first, last] = [held[0]!, held.at(-1)!];
  const changes = new Uint32Array(WINDOW);
  for (let s = 1; s < held.length; s++) {
    const [before, after] = [held[s - 1]!.hands, held[s]!.hands];
    for (let i = 0; i < WINDOW; i++) if (before[i] !== after[i]) changes[i]!++;
  }
  // the next batch reuses these arrays
  const columns: [(typeof CHANGED_COLUMNS)[number]['name'], Column][] = [
    ['pfn', { kind: 'number', values: Float64Array.from({ length: WINDOW }, (_, i) => start + i) }],
    ['before', { kind: 'name', codes: first.uses.slice(), names: uses }],
    ['after', { kind: 'name', codes: last.uses.slice(), names: uses }],
    ['owner_before', { kind: 'name', codes: first.hands.slice(), names: owners }],
    ['owner_after', { kind: 'name', codes: last.hands.slice(), names: owners }],
    ['changes', { kind: 'number', values: changes }],
  ];
  return { count: WINDOW, columns: new Map(columns) };
}
