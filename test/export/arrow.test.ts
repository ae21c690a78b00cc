import { tableFromIPC } from '@uwdata/flechette';
import { expect, test } from 'vitest';
import { exporterOf } from '../../src/export/registry.ts';
import { writeTable } from '../../src/export/write-table.ts';
import { arrowTable, COLUMNS, openMemory, pageTable } from '../../src/index.ts';
import type { Table } from '../../src/table/table.ts';
import { SAMPLE } from '../cli/run.ts';
import { fileToStream } from './arrow-messages.ts';
import { madeTable } from './made-table.ts';
import { typedRows } from './typed-rows.ts';

const arrow = exporterOf('arrow')!;

async function written(table: Table, options = {}): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  await writeTable(table, arrow, options, async (data) => {
    parts.push(Buffer.from(data));
  });
  return Buffer.concat(parts);
}

/** Rows as flechette gives them. */
function rowsIn(bytes: Uint8Array): unknown[][] {
  const isFile = Buffer.from(bytes.subarray(0, 6)).toString() === 'ARROW1';
  const table = tableFromIPC(isFile ? fileToStream(bytes) : bytes, { useBigInt: true });
  const columns = table.names.map((name) => table.getChild(name));
  return Array.from({ length: table.numRows }, (_, row) => columns.map((column) => column.at(row)));
}

test.each([
  ['a file', false],
  ['a stream', true],
])('made-up rows come back from %s', async (_, stream) => {
  // more names than a dictionary is written anew for
  const table = madeTable(300_000, 16_384);
  const [rows, expected] = [rowsIn(await written(table, { stream })), await typedRows(table)];
  expect(rows.length).toBe(expected.length);
  for (let row = 0; row < rows.length; row += row < 1000 ? 1 : 131) expect(rows[row]).toEqual(expected[row]);
});

test.each([
  ['a file', false],
  ['a stream', true],
])('no rows, as %s', async (_, stream) => {
  const table = madeTable(0, 1);
  const read = tableFromIPC(await written(table, { stream }));
  expect([read.numRows, read.names]).toEqual([0, table.columns.map((c) => c.name)]);
});

test('signed words', async () => {
  const table = madeTable(500, 100);
  expect(rowsIn(await written(table, { words: 'signed' }))).toEqual(await typedRows(table, 'signed'));
});

test('every column of pages of the sample, the same bytes by any number of threads', async () => {
  const memory = await openMemory([SAMPLE]);
  const columns = COLUMNS.filter((c) => !c.needsMap).map((c) => c.name);
  const pfns = [{ start: 30_000, end: 34_000 }];
  const table = (jobs: number): Table => pageTable(memory, { columns, pfns }, jobs);
  const bytes = await written(table(1));
  expect(rowsIn(bytes)).toEqual(await typedRows(table(1)));
  expect(Buffer.compare(bytes, await written(table(3)))).toBe(0);
  memory.close();
});

test('the library gives tables', async () => {
  const memory = await openMemory([SAMPLE]);
  const table = await arrowTable(memory, {
    columns: ['pfn', 'type', 'mapping'],
    where: 'type == slab',
    limit: 5,
  });
  expect([table.numRows, table.names]).toEqual([5, ['pfn', 'type', 'mapping']]);
  expect(table.getChild('type')!.toArray()).toEqual(['slab', 'slab', 'slab', 'slab', 'slab']);
  expect(typeof table.getChild('mapping')!.at(0)).toBe('bigint');
  memory.close();
});
