import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { type ByteSource, bytesSource, type Inspector, openMemory, type Selection } from '../../src/index.ts';
import { noCounts } from '../../src/scan/scan.ts';
import { SummaryCounter } from '../../src/views/summary.ts';
import { GUESTS } from '../golden/oracles.ts';

const BATCH = 16384;
const SIZE = 64;

let inspector: Inspector;
let bytesRead = 0;

beforeAll(async () => {
  const inner = bytesSource(gunzipSync(readFileSync(GUESTS[1]!.capture)), 'sample');
  const counting: ByteSource = {
    ...inner,
    readInto(offset, target) {
      const got = inner.readInto(offset, target);
      bytesRead += got;
      return got;
    },
  };
  inspector = await openMemory(counting);
  // page tables and names of caches are read once, whoever asks first
  work({ columns: ['pfn', 'slab_cache'] });
});

/** What is done for a selection whose rows are written: the columns asked for are decoded where there are rows. */
function work(selection: Selection): {
  pages: number;
  columns: Record<string, number>;
  folioPasses: number;
  bytes: number;
  rows: number;
} {
  const before = bytesRead;
  const scan = inspector.scan(selection);
  let rows = 0;
  for (const { count } of scan.run(inspector.ranges(selection.pfns))) {
    rows += count;
    if (count > 0) for (const name of scan.decoder.columns) scan.decoder.lane(name);
  }
  const { pages, columns, folioPasses } = scan.decoder.work;
  return { pages, columns: Object.fromEntries(columns), folioPasses, bytes: bytesRead - before, rows };
}

describe('nothing is done that nobody asked for', () => {
  test('words of the struct page need no folios', () => {
    const done = work({ columns: ['pfn', 'refcount'], pfns: [{ start: 0, end: 65536 }] });
    expect(done).toMatchObject({ pages: 65536, rows: 65536, folioPasses: 0 });
    expect(Object.keys(done.columns)).toEqual(['pfn', 'refcount']);
    expect(done.bytes).toBe(65536 * SIZE);
  });

  test('what depends on the folio is worked out once a batch', () => {
    const done = work({
      columns: ['type', 'order', 'flags', 'slab_cache'],
      pfns: [{ start: 0, end: 65536 }],
    });
    const batches = done.columns.type!;
    expect(done.folioPasses).toBe(batches);
    expect(batches).toBeLessThanOrEqual(65536 / BATCH + 1);
  });

  test('a flag that no page has is not looked for in any folio, and no column is decoded', () => {
    const done = work({
      columns: ['pfn', 'type', 'mapping'],
      where: 'flags has dirty && refcount == 123456',
    });
    expect(done).toMatchObject({ rows: 0, folioPasses: 0 });
    expect(Object.keys(done.columns)).toEqual(['refcount']);
  });

  test('columns are decoded only for batches that have rows', () => {
    const done = work({ columns: ['pfn', 'type', 'mapping'], where: 'pfn == 40000' });
    expect(done).toMatchObject({ rows: 1, folioPasses: 1 });
    expect(done.columns).toMatchObject({ type: 1, mapping: 1 });
  });

  test('a range of pfns reads its part of the array', () => {
    const done = work({ columns: ['pfn', 'refcount'], pfns: [{ start: 40000, end: 40010 }] });
    expect(done.rows).toBe(10);
    expect(done.pages).toBeLessThan(BATCH);
    expect(done.bytes).toBeLessThanOrEqual(BATCH * SIZE);
  });

  test('the first rows do not wait for a whole batch', () => {
    const done = work({ columns: ['pfn', 'refcount'], limit: 3 });
    expect(done).toMatchObject({ rows: 3, pages: 64, bytes: 64 * SIZE });
  });

  test('a summary goes over each page once and decodes no column', () => {
    const before = bytesRead;
    const scan = inspector.scan({ columns: ['pfn'] }, noCounts());
    const counter = new SummaryCounter(scan.decoder);
    let batches = 0;
    for (const picked of scan.run(inspector.ranges([{ start: 0, end: 65536 }]))) {
      counter.add(picked);
      batches++;
    }
    expect(scan.decoder.work).toMatchObject({ pages: 65536, folioPasses: 0 });
    expect(scan.decoder.work.columns.size).toBe(0);
    // heads that lie in another batch are read on their own
    expect(bytesRead - before - 65536 * SIZE).toBeLessThan(batches * 2 * SIZE + 1);
  });
});
