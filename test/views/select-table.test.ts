import { expect, test } from 'vitest';
import type { ColumnSpec } from '../../src/table/column.ts';
import { batchesOf } from '../../src/table/rows-table.ts';
import type { Table } from '../../src/table/table.ts';
import { selectFrom, type TableSelection } from '../../src/views/select-table.ts';
import { objectsOf } from '../tables/objects.ts';

const COLUMNS: readonly ColumnSpec[] = [
  { name: 'n', kind: 'number', help: '' },
  { name: 'name', kind: 'name', help: '' },
];
let made = 0;
const numbers: Table = {
  name: 'numbers',
  columns: COLUMNS,
  rows: () =>
    batchesOf(
      COLUMNS,
      (function* () {
        for (made = 0; made < 20_000; made++) {
          yield { n: made % 10 === 3 ? undefined : made, name: made % 4 === 0 ? undefined : `m${made % 4}` };
        }
      })(),
    ),
};
const select = async (selection: TableSelection) => objectsOf(selectFrom(numbers, selection));

test('rows that an expression holds for, and columns', async () => {
  expect(await select({ where: 'n >= 4500 && n < 4504', columns: ['name', 'n'] })).toEqual([
    { name: null, n: 4500 },
    { name: 'm1', n: 4501 },
    { name: 'm2', n: 4502 },
  ]);
  expect(await select({ where: 'n is empty && name is empty', limit: 1 })).toEqual([]);
  expect(await select({ where: 'n is empty && name like "m*"', limit: 1 })).toEqual([
    { n: null, name: 'm3' },
  ]);
  expect(await select({ where: 'name is empty', limit: 2 })).toEqual([
    { n: 0, name: null },
    { n: 4, name: null },
  ]);
});

test('a limit stops the work', async () => {
  expect(await select({ limit: 3 })).toHaveLength(3);
  expect(made).toBeLessThan(1000);
  expect(await select({ limit: 0 })).toEqual([]);
});

test('what cannot be meant is refused', () => {
  expect(() => selectFrom(numbers, { columns: ['n', 'm'] })).toThrow("no column 'm'; choose from n, name");
  expect(() => selectFrom(numbers, { columns: ['n', 'n'] })).toThrow("'n' is given twice");
  expect(() => selectFrom(numbers, { where: 'pfn == 1' })).toThrow('pfn');
  for (const limit of [-1, 0.5, Number.NaN]) {
    expect(() => selectFrom(numbers, { limit })).toThrow('a whole number');
  }
});
