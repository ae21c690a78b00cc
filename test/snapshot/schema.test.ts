import fc from 'fast-check';
import { parquetSchema } from 'hyparquet';
import { describe, expect, test } from 'vitest';
import { parseSnapshotPath, snapshotPath } from '../../src/snapshot/paths.ts';
import {
  SNAPSHOT_PAGE_COLUMNS,
  SNAPSHOT_TABLES,
  type SnapshotFacts,
  type SnapshotRows,
  snapshotColumns,
} from '../../src/snapshot/schema.ts';
import { writeSnapshotPages, writeSnapshotRows } from '../../src/snapshot/write-table.ts';
import type { TableBatch } from '../../src/table/table.ts';
import { metadataOf, readParquet } from '../export/parquet-file.ts';

const BOOT = '01234567-89ab-cdef-0123-456789abcdef';
const TIME = Date.UTC(2026, 10, 21, 23, 59, 59, 250);
const FACTS: SnapshotFacts = { time: TIME, boot_id: BOOT, release: '6.12.1' };

async function collected(write: (sink: (data: string | Uint8Array) => Promise<void>) => Promise<void>) {
  const parts: Uint8Array[] = [];
  await write(async (data) => {
    parts.push(Buffer.from(data));
  });
  return Buffer.concat(parts);
}

describe('paths', () => {
  test('tell table, date, host, boot and second', () => {
    expect(snapshotPath('pages', { host: 'web-1.example.org', bootId: BOOT, time: TIME })).toBe(
      'pages/date=2026-11-21/host=web-1.example.org/0123456789abcdef0123456789abcdef-20261121T235959Z.parquet',
    );
    expect(snapshotPath('hosts', { host: '../a b', bootId: undefined, time: 0 })).toBe(
      'hosts/date=1970-01-01/host=%2E.%2Fa%20b/unknown-19700101T000000Z.parquet',
    );
    expect(() => snapshotPath('hosts', { host: '', bootId: BOOT, time: 0 })).toThrow('--host');
    expect(() => snapshotPath('hosts', { host: 'a', bootId: BOOT, time: Number.NaN })).toThrow('not a time');
  });

  test('come back, whatever the host is called, and stay in their folder', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', minLength: 1 }),
        fc.constantFrom(...SNAPSHOT_TABLES),
        fc.integer({ min: 0, max: 253_402_300_799 }),
        (host, table, second) => {
          const path = snapshotPath(table, { host, bootId: BOOT, time: second * 1000 + 17 });
          expect(path.split('/')).toHaveLength(4);
          expect(path).toMatch(/^[!-~]+$/);
          expect(parseSnapshotPath(path)).toEqual({
            table,
            host,
            bootId: BOOT.replaceAll('-', ''),
            time: second * 1000,
          });
        },
      ),
    );
  });

  test.each([
    'pages/date=2026-11-21/host=a/unknown-20261122T000000Z.parquet',
    'pages/date=2026-13-21/host=a/unknown-20261321T000000Z.parquet',
    'other/date=2026-11-21/host=a/unknown-20261121T000000Z.parquet',
    'pages/date=2026-11-21/host=%zz/unknown-20261121T000000Z.parquet',
    'pages/date=2026-11-21/host=a/.unknown-20261121T000000Z.parquet.1.tmp',
  ])('%s is none', (path) => expect(parseSnapshotPath(path)).toBeUndefined());
});

test('rows of hosts, summary and free come back with their types', async () => {
  const rows: { [T in keyof SnapshotRows]: SnapshotRows[T] } = {
    hosts: {
      ...FACTS,
      architecture: 'x86_64',
      page_size: 4096,
      version: '1',
      schema_version: 1,
      pages: 2 ** 40,
      managed: undefined,
      sample: '1/64',
      lost: 0,
      role: undefined,
      seconds: 0.125,
      format: 'elf',
    },
    summary: {
      ...FACTS,
      by: 'class',
      node: 0,
      zone: 'Normal',
      name: 'slab',
      order: undefined,
      migratetype: undefined,
      pages: 3,
      bytes: 12_288,
      objects: undefined,
    },
    free: {
      ...FACTS,
      boot_id: undefined,
      node: 0,
      zone: 'DMA',
      order: 10,
      migratetype: 'Movable',
      blocks: 5,
    },
  };
  for (const table of ['hosts', 'summary', 'free'] as const) {
    const bytes = await collected((sink) => writeSnapshotRows(table, [rows[table]] as never, sink));
    const [read, ...more] = await readParquet(bytes);
    expect(more).toEqual([]);
    expect(Object.keys(read!)).toEqual(snapshotColumns(table).map((c) => c.name));
    for (const [name, value] of Object.entries(rows[table])) {
      const expected = name === 'time' ? new Date(TIME) : value;
      const found = read![name] ?? undefined;
      expect([name, typeof found === 'bigint' ? Number(found) : found]).toEqual([name, expected]);
    }
  }
});

test('time is a timestamp in UTC and seconds a double', async () => {
  const bytes = await collected((sink) => writeSnapshotRows('hosts', [], sink));
  const elements = parquetSchema(metadataOf(bytes)).children.map((c) => c.element);
  expect(elements.find((e) => e.name === 'time')).toMatchObject({
    type: 'INT64',
    converted_type: 'TIMESTAMP_MILLIS',
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' },
  });
  expect(elements.find((e) => e.name === 'seconds')).toMatchObject({ type: 'DOUBLE' });
});

test('pages get the columns of the snapshot, and words are signed', async () => {
  const batch = (first: number, count: number): TableBatch => ({
    count,
    columns: new Map([
      ['pfn', { kind: 'number', values: Float64Array.from({ length: count }, (_, i) => first + i) }],
      [
        'flags_raw',
        { kind: 'word', low: new Uint32Array(count), high: new Uint32Array(count).fill(0x80000000) },
      ],
    ]),
  });
  const bytes = await collected((sink) =>
    writeSnapshotPages(['pfn', 'flags_raw'], [batch(0, 3), batch(3, 5)], FACTS, sink),
  );
  const rows = await readParquet(bytes);
  expect(rows).toHaveLength(8);
  expect(rows[7]).toEqual({
    time: new Date(TIME),
    boot_id: BOOT,
    release: '6.12.1',
    pfn: 7n,
    flags_raw: -(2n ** 63n),
  });
});

test('the columns of pages exist, and others are refused', () => {
  expect(snapshotColumns('pages').map((c) => c.name)).toEqual([
    'time',
    'boot_id',
    'release',
    ...SNAPSHOT_PAGE_COLUMNS,
  ]);
  expect(() => snapshotColumns('pages', ['pfn', 'nonsense'])).toThrow("no column 'nonsense'");
});
