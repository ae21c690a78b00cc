import { describe, expect, test } from 'vitest';
import { tableLine, tableWidths } from '../../src/export/table-layout.ts';
import type { ColumnSpec } from '../../src/table/column.ts';
import { shell } from '../cli/run.ts';

const column = (name: string, kind: ColumnSpec['kind'], width?: number): ColumnSpec => ({
  name,
  kind,
  help: '',
  ...(width === undefined ? {} : { width }),
});
const COLUMNS = [
  column('pfn', 'number'),
  column('page', 'word', 18),
  column('slab_cache', 'name'),
  column('flags', 'set'),
];
const LONGEST = [5, 18, 16, 60];

describe('widths', () => {
  test('all columns have room without a limit', () => {
    expect(tableWidths(COLUMNS, LONGEST, undefined)).toEqual([5, 18, 16, 60]);
  });

  test('a set in the last column is wrapped before anything is left out', () => {
    expect(tableWidths(COLUMNS, LONGEST, 80, ['page'])).toEqual([5, 18, 16, 38]);
  });

  test('spare columns go next, and leave their room to the set', () => {
    expect(tableWidths(COLUMNS, LONGEST, 60, ['page'])).toEqual([5, 0, 16, 37]);
  });

  test('names are cut before columns go from the right', () => {
    expect(tableWidths(COLUMNS, LONGEST, 40, ['page'])).toEqual([5, 0, 13, 20]);
    expect(tableWidths(COLUMNS, LONGEST, 30, ['page'])[0]).toBe(5);
  });
});

test('a wrapped set is broken between names and goes on below itself', () => {
  expect(tableLine(['1', '0x2', 'kmalloc-512', 'uptodate|lru|swapbacked'], COLUMNS, [3, 4, 8, 14], 40)).toBe(
    '  1  0x2 kmalloc… uptodate|lru\n                  |swapbacked\n',
  );
});

test('a terminal that is too narrow is told what is missing, once', () => {
  const line =
    "script -qec 'stty cols 70; structpage dump examples/sample.elf.gz --pfn 4158,13312 --no-cache' /dev/null";
  const { out } = shell(line);
  const text = out.replaceAll('\r', '');
  expect(text).toMatch(/^structpage: the terminal is too narrow for page, .*; see --wide and --columns$/m);
  expect(text.match(/too narrow/g)).toHaveLength(1);
  expect(text).toMatch(/^ *pfn refcount .* slab_cache +flags$/m);
  for (const row of text.split('\n').filter((l) => !l.startsWith('structpage'))) {
    expect(row.length).toBeLessThanOrEqual(70);
  }
});
