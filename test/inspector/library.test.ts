import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  bytesSource,
  COLUMNS,
  cellTexts,
  exporterOf,
  exportRows,
  type Inspector,
  noCounts,
  openMemory,
  PAGE_STATES,
  type PageCounts,
  type PageRow,
  summarize,
  UsageError,
} from '../../src/index.ts';
import { GUESTS } from '../golden/oracles.ts';

const capture = gunzipSync(readFileSync(GUESTS[1]!.capture));
/** Columns that need no more than this capture has. */
const ALL = COLUMNS.filter((c) => !c.needsMap).map((c) => c.name);
let inspector: Inspector;
beforeAll(async () => {
  inspector = await openMemory(bytesSource(capture, 'sample'));
});
afterAll(() => inspector.close());

describe('rows', () => {
  test('say what the columns say', async () => {
    const selection = { columns: ALL, pfns: [{ start: 4000, end: 6000 }] };
    const want: string[] = [];
    for await (const { batch, rows } of inspector.select(selection)) {
      const cells = cellTexts(batch, ALL);
      for (const row of rows) want.push(cells.map((cell) => cell(row)).join(','));
    }
    const text = (value: unknown): string =>
      Array.isArray(value)
        ? value.join('|')
        : typeof value === 'bigint'
          ? `0x${value.toString(16)}`
          : String(value ?? '');
    const got: string[] = [];
    for await (const row of inspector.rows(selection)) got.push(ALL.map((name) => text(row[name])).join(','));
    expect(got).toEqual(want);
  });

  test('have typed values', async () => {
    for await (const row of inspector.rows({
      columns: ['pfn', 'page', 'type', 'flags'],
      where: 'type == slab',
      limit: 1,
    })) {
      const {
        pfn,
        page,
        type,
        flags,
      }: { pfn?: number; page?: bigint; type?: string; flags?: readonly string[] } = row as never;
      expect([typeof pfn, typeof page, type, Array.isArray(flags)]).toEqual([
        'number',
        'bigint',
        'slab',
        true,
      ]);
    }
  });
});

describe('what cannot be meant is refused', () => {
  test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])('a limit of %s', async (limit) => {
    expect(() => inspector.plan({ limit })).toThrow(UsageError);
    await expect(async () => {
      for await (const _ of inspector.select({ limit })) break;
    }).rejects.toThrow('the limit must be a whole number');
    expect(() => inspector.summary({ limit })).toThrow(UsageError);
  });

  test('a column twice, none, or one that was not asked for', () => {
    expect(() => inspector.plan({ columns: ['pfn', 'zone', 'pfn'] })).toThrow("column 'pfn' is given twice");
    expect(() => inspector.plan({ columns: [] })).toThrow('no columns given');
    for (const { batch } of inspector.selectSync({ columns: ['pfn', 'zone'], limit: 1 })) {
      expect(batch.columns.get('zone').names).toContain('DMA');
      expect(() => batch.columns.get('order')).toThrow(
        "column 'order' was not asked for; there are pfn, zone",
      );
    }
  });
});

describe('a signal', () => {
  test('that was given stops select, exportRows and summarize', async () => {
    const signal = AbortSignal.abort();
    await expect(async () => {
      for await (const _ of inspector.select({ signal })) expect.unreachable();
    }).rejects.toThrow('abort');
    const job = { selection: { signal }, exporter: exporterOf('csv')!, jobs: 1 };
    await expect(exportRows(inspector, job, async () => {})).rejects.toThrow('abort');
    await expect(summarize(inspector, { signal })).rejects.toThrow('abort');
    expect(() => inspector.summary({ signal })).toThrow('abort');
  });

  test('that comes from a timer is heard in between, and ends the work early', async () => {
    // the same pages again and again: as much work as anyone may want
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), 30);
    let batches = 0;
    await expect(async () => {
      for (;;)
        for await (const _ of inspector.select({ columns: ['pfn'], signal: controller.signal })) batches++;
    }).rejects.toThrow('abort');
    clearTimeout(timer);
    expect(batches).toBeGreaterThan(0);
  });
});

test('the event loop gets its turn while pages are counted and exported', async () => {
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const until = Date.now() + 200;
  while (Date.now() < until) await summarize(inspector, { where: 'refcount % 7 == 3' });
  clearInterval(timer);
  expect(turns).toBeGreaterThan(2);
});

test('closes at the end of a block', async () => {
  let closed = 0;
  const bytes = bytesSource(capture, 'sample');
  const other = await openMemory({ ...bytes, close: () => void closed++ });
  other[Symbol.dispose]();
  expect(closed).toBe(1);
});

test('a summary is JSON, and its lists have no holes', async () => {
  for (const summary of [inspector.summary(), await summarize(inspector)]) {
    expect(Object.keys(summary.folios)).toHaveLength(summary.folios.length);
    for (const { freeBlocks } of summary.zones.values())
      expect(Object.keys(freeBlocks)).toHaveLength(freeBlocks.length);
    const json = JSON.parse(JSON.stringify(summary));
    expect(json.pages).toBe(65536);
    expect(json.types).toEqual(Object.fromEntries(summary.types));
    expect(json.flags.lru).toBe(summary.flags.get('lru'));
    expect(json.zones).toEqual([...summary.zones.values()]);
    expect(json.folios).toEqual(summary.folios);
    expect(Object.keys(json.slabCaches)).toHaveLength(summary.slabCaches.size);
  }
});

describe('struct pages that could not be read', () => {
  let damaged: Inspector;
  const warnings: Error[] = [];
  const listen = (warning: Error): void => void warnings.push(warning);
  beforeAll(async () => {
    process.on('warning', listen);
    // the second half of the page array is cut off
    damaged = await openMemory(bytesSource(capture, 'sample'));
    const { reader } = damaged;
    const read = reader.read.bind(reader);
    reader.read = (start, count, into, states, ok) => {
      const raw = read(start, count, into, states, ok);
      let { readable } = raw;
      for (let i = 0; i < count; i++) {
        if (start + i >= 1000 && start + i < 1010 && raw.states[i] === 0) {
          raw.states[i] = PAGE_STATES.indexOf('truncated');
          readable--;
        }
      }
      return { ...raw, readable };
    };
  });
  afterAll(() => {
    process.off('warning', listen);
    damaged.close();
  });

  const heard = async (work: (counts?: PageCounts) => Promise<unknown>): Promise<string[]> => {
    warnings.length = 0;
    await work();
    await new Promise((resolve) => setImmediate(resolve));
    const messages = warnings.map((w) => w.message);
    warnings.length = 0;
    await work(noCounts());
    await new Promise((resolve) => setImmediate(resolve));
    // whoever counts is not told
    expect(warnings).toEqual([]);
    return messages;
  };
  const pfns = [{ start: 990, end: 1020 }];
  const all = async (rows: AsyncIterable<unknown>): Promise<void> => {
    for await (const _ of rows) {
      // only the end matters
    }
  };

  test('are reported without being asked', async () => {
    const want = [
      expect.stringContaining('10 struct pages could not be read (truncated 10) and are left out'),
    ];
    expect(await heard((counts) => all(damaged.select({ pfns }, counts)))).toEqual(want);
    expect(await heard((counts) => all(damaged.rows({ pfns }, counts)))).toEqual(want);
    expect(await heard((counts) => summarize(damaged, { pfns }, 1, counts))).toEqual(want);
    const job = { selection: { pfns }, exporter: exporterOf('csv')! };
    expect(await heard((counts) => exportRows(damaged, job, async () => {}, counts))).toEqual(want);
  });

  test('are rows for those who ask for the state, and empty but for where they are', async () => {
    const selection = { columns: ALL, pfns, where: 'state != ok' };
    expect(await heard((counts) => all(damaged.select(selection, counts)))).toEqual([]);
    const rows: PageRow[] = [];
    for await (const row of damaged.rows(selection)) rows.push(row as PageRow);
    expect(rows.map((r) => r.pfn)).toEqual([1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009]);
    const known = ALL.filter((name) => rows[0]![name] !== undefined);
    expect(known).toEqual(COLUMNS.filter((c) => c.ofPlace && !c.needsMap).map((c) => c.name));
  });
});
