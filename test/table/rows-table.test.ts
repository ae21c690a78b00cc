import { expect, test } from 'vitest';
import type { ColumnSpec } from '../../src/table/column.ts';
import { batchesOf } from '../../src/table/rows-table.ts';
import type { Table } from '../../src/table/table.ts';
import { objectsOf } from '../tables/objects.ts';

const COLUMNS: readonly ColumnSpec[] = [
  { name: 'n', kind: 'number', help: '' },
  { name: 'w', kind: 'word', help: '' },
  { name: 's', kind: 'name', help: '' },
  { name: 'f', kind: 'set', help: '' },
];

function tableOf(rows: readonly Record<string, never>[]): Table {
  return { name: 'rows', columns: COLUMNS, rows: () => batchesOf(COLUMNS, rows) };
}

test('rows that are objects come out as they went in, over many batches', async () => {
  const rows = Array.from({ length: 10_000 }, (_, i) => ({
    n: i % 7 === 0 ? undefined : i - 5,
    w: i % 5 === 0 ? undefined : BigInt(i) << 40n,
    s: i % 3 === 0 ? undefined : `name, "${i % 100}"\n`,
    f: i % 11 === 0 ? undefined : ['a', 'b', 'c', 'd'].filter((_, bit) => (i >> bit) & 1),
  }));
  const want = rows.map(({ n, w, s, f }) => ({
    n: n ?? null,
    w: w === undefined ? null : `0x${w.toString(16)}`,
    s: s ?? null,
    f: f === undefined ? null : ['b', 'c', 'd', 'a'].filter((x) => f.includes(x)).join('|'),
  }));
  const got = await objectsOf(tableOf(rows as unknown as Record<string, never>[]));
  // the names of a set come in the order in which they were first met
  const sorted = (f: unknown): unknown => (typeof f === 'string' ? f.split('|').sort().join('|') : f);
  expect(got.map((row) => ({ ...row, f: sorted(row.f) }))).toEqual(
    want.map((row) => ({ ...row, f: sorted(row.f) })),
  );
});

test('what is no number is a bug of the table, not a cell', async () => {
  const row = { n: Number.NaN, w: 0n, s: '', f: [] } as unknown as Record<string, never>;
  await expect(objectsOf(tableOf([row]))).rejects.toThrow('n is not a number: NaN');
});
