import type { Column, ColumnSpec } from '../../src/table/column.ts';
import type { Table, TableBatch } from '../../src/table/table.ts';

const COLUMNS: readonly ColumnSpec[] = [
  { name: 'id', kind: 'number', help: 'row' },
  { name: 'small', kind: 'number', help: 'some', numbers: 'uint8', mayBeEmpty: true },
  { name: 'count', kind: 'number', help: 'signed', numbers: 'int32' },
  { name: 'spread', kind: 'number', help: 'of many values', numbers: 'int32' },
  { name: 'seconds', kind: 'number', help: 'not whole', numbers: 'double', mayBeEmpty: true },
  { name: 'word', kind: 'word', help: 'few, in runs', mayBeEmpty: true },
  { name: 'noise', kind: 'word', help: 'any' },
  { name: 'none', kind: 'word', help: 'no row has one', mayBeEmpty: true },
  { name: 'owner', kind: 'name', help: 'more and more names', mayBeEmpty: true },
  { name: 'one', kind: 'name', help: 'the same everywhere' },
  { name: 'flags', kind: 'set', help: 'sets', mayBeEmpty: true },
];

const FLAGS = Array.from({ length: 40 }, (_, i) => `flag${i}`);
const WORDS = [2n ** 64n - 1n, 0n, 0xffff888000001000n, 2n ** 63n, 1n];

/** A table of `rows` made-up rows, in batches of a size, with what tempts encoders: 2^64 - 1, empty values, growing names. */
export function madeTable(rows: number, batchRows: number): Table {
  const names = [''];
  const codes = new Map<string, number>([['', 0]]);
  const codeOf = (name: string): number => {
    if (!codes.has(name)) codes.set(name, names.push(name) - 1);
    return codes.get(name)!;
  };
  return {
    name: 'made',
    columns: COLUMNS,
    async *rows() {
      for await (const batch of this.chunks!()) {
        yield { batch, rows: Uint32Array.from({ length: batch.count }, (_, i) => i) };
      }
    },
    async *chunks() {
      for (let first = 0; first < rows; first += batchRows) {
        yield batchOf(first, Math.min(batchRows, rows - first), names, codeOf);
      }
    },
    about: () => [['structpage.test', 'yes — ü']],
  };
}

function batchOf(
  first: number,
  count: number,
  names: readonly string[],
  codeOf: (name: string) => number,
): TableBatch {
  const columns = new Map<string, Column>();
  const each = (of: (row: number) => number): number[] =>
    Array.from({ length: count }, (_, i) => of(first + i));
  const words = (of: (row: number) => bigint): { low: Uint32Array; high: Uint32Array } => {
    const all = Array.from({ length: count }, (_, i) => of(first + i));
    return {
      low: Uint32Array.from(all, (w) => Number(w & 0xffffffffn)),
      high: Uint32Array.from(all, (w) => Number(w >> 32n)),
    };
  };
  columns.set('id', { kind: 'number', values: Float64Array.from(each((row) => 2 ** 40 + row)) });
  columns.set('small', {
    kind: 'number',
    values: Uint8Array.from(each((row) => row % 251)),
    empty: Uint8Array.from(each((row) => Number(row % 7 === 3 || (row > 50_000 && row < 90_000)))),
  });
  columns.set('count', {
    kind: 'number',
    values: Int32Array.from(each((row) => (row % 3) - 1 - 2 ** 30 * (row % 2))),
  });
  columns.set('spread', {
    kind: 'number',
    values: Int32Array.from(each((row) => Math.imul(row, 0x9e3779b1))),
  });
  columns.set('seconds', {
    kind: 'number',
    values: Float64Array.from(each((row) => row / 3 - 5000)),
    empty: Uint8Array.from(each((row) => Number(row % 13 === 2))),
  });
  columns.set('word', {
    kind: 'word',
    ...words((row) => WORDS[Math.floor(row / 100) % WORDS.length]!),
    empty: Uint8Array.from(each((row) => Number(row % 1000 === 5))),
  });
  columns.set('noise', {
    kind: 'word',
    ...words((row) => BigInt.asUintN(64, BigInt(row) * 0x9e3779b97f4a7c15n)),
  });
  columns.set('none', { kind: 'word', ...words(() => 7n), empty: new Uint8Array(count).fill(1) });
  const owner = (row: number): string => (row % 5 === 0 ? '' : `owner ${Math.floor(row / 64)} ü`);
  columns.set('owner', { kind: 'name', codes: Uint32Array.from(each((row) => codeOf(owner(row)))), names });
  columns.set('one', { kind: 'name', codes: new Uint8Array(count), names: ['the same'] });
  columns.set('flags', {
    kind: 'set',
    ...words((row) => (row % 11 === 0 ? 0n : (1n << BigInt(row % 40)) | 1n)),
    names: FLAGS,
  });
  return { count, columns };
}
