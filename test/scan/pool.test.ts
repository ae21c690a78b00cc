import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pageColumn } from '../../src/decode/columns/registry.ts';
import { checkOptions } from '../../src/export/options.ts';
import {
  COLUMNS,
  type ColumnName,
  cellTexts,
  exporterOf,
  type Inspector,
  openMemory,
  type Selection,
} from '../../src/index.ts';
import { chunkJob, textJob } from '../../src/inspector/export-rows.ts';
import { ScanPool } from '../../src/scan/pool.ts';
import { noCounts } from '../../src/scan/scan.ts';
import type { ScanJob } from '../../src/scan/tasks.ts';
import { GUESTS } from '../golden/oracles.ts';

/** All columns but those that are told by more memory than captures hold. */
const NAMES = COLUMNS.filter((c) => !pageColumn(c.name).needsMap).map((c) => c.name);
const dir = mkdtempSync(join(tmpdir(), 'structpage-test-'));
let inspector: Inspector;

beforeAll(async () => {
  const path = join(dir, 'sample.elf');
  writeFileSync(path, gunzipSync(readFileSync(GUESTS[1]!.capture)));
  inspector = await openMemory(path);
});
afterAll(() => {
  inspector.close();
  rmSync(dir, { recursive: true });
});

function poolOf(selection: Selection, jobs: number, format: string, counts = noCounts()): ScanPool {
  return new ScanPool(inspector, jobOf(selection, jobs, format, NAMES), jobs, counts, { atOnce: true });
}

function jobOf(selection: Selection, jobs: number, format: string, columns: readonly ColumnName[]): ScanJob {
  const exporter = exporterOf(format)!;
  const plan = exporter.plan(columns.map(pageColumn), checkOptions(exporter, {}));
  if (plan.kind !== 'text') throw new Error(`${format} is no text`);
  return textJob(inspector, selection, columns, plan.style, jobs);
}

describe('any number of threads', () => {
  test.each(['csv', 'json', 'ndjson'])('writes the same %s', async (format) => {
    for (const where of [undefined, 'type == slab || flags has lru', 'refcount == -77']) {
      const texts: string[] = [];
      const all: unknown[] = [];
      for (const jobs of [1, 2, 4]) {
        const counts = noCounts();
        const parts: Buffer[] = [];
        const selection = where === undefined ? {} : { where };
        for await (const chunk of poolOf(selection, jobs, format, counts).texts())
          parts.push(Buffer.from(chunk));
        texts.push(Buffer.concat(parts).toString());
        all.push(counts);
      }
      expect(texts[1] === texts[0]).toBe(true);
      expect(texts[2] === texts[0]).toBe(true);
      expect(all[1]).toEqual(all[0]);
      expect(all[2]).toEqual(all[0]);
    }
  });

  test('keeps texts where they were made until they are taken, however slowly', async () => {
    const pfns = Array.from({ length: 40 }, (_, i) => ({ start: i * 1600, end: i * 1600 + 1000 + i }));
    const job = jobOf({ pfns }, 3, 'csv', ['pfn', 'refcount', 'head']);
    const [alone = '', together] = await Promise.all(
      [1, 3].map(async (jobs) => {
        const parts: Buffer[] = [];
        for await (const chunk of new ScanPool(inspector, job, jobs, noCounts(), { atOnce: true }).texts()) {
          const now = Buffer.from(chunk);
          await new Promise((resolve) => setTimeout(resolve, 5));
          // nobody has written over it meanwhile
          expect(now.equals(Buffer.from(chunk))).toBe(true);
          parts.push(now);
        }
        return Buffer.concat(parts).toString();
      }),
    );
    expect(alone.trimEnd().split('\n')).toHaveLength(40 * 1000 + 780);
    expect(together === alone).toBe(true);
  });

  test('gives out the same columns', async () => {
    const pfns = [
      { start: 0, end: 40_000 },
      { start: 50_001, end: 60_000 },
    ];
    for (const where of [undefined, 'type == slab || flags has lru', 'state != ok', 'refcount == -77']) {
      const selection = { columns: NAMES, pfns, ...(where === undefined ? {} : { where }) };
      const want: string[] = [];
      for (const { batch, rows } of inspector.selectSync(selection)) {
        const cells = cellTexts(batch, NAMES);
        for (const row of rows) want.push(cells.map((cell) => cell(row)).join(','));
      }
      for (const jobs of [1, 2, 3]) {
        const got: string[] = [];
        const pool = new ScanPool(inspector, chunkJob(inspector, selection, NAMES, jobs), jobs, noCounts(), {
          atOnce: true,
        });
        for await (const batch of pool.chunks()) {
          expect([...batch.columns.keys()]).toEqual(NAMES);
          const cells = cellTexts(batch, NAMES);
          for (let row = 0; row < batch.count; row++) got.push(cells.map((cell) => cell(row)).join(','));
          await new Promise((resolve) => setTimeout(resolve, 2));
        }
        expect(got.length).toBe(want.length);
        expect(got.findIndex((row, i) => row !== want[i])).toBe(-1);
      }
    }
  });

  test('counts the same', async () => {
    const want = inspector.summary();
    for (const jobs of [1, 3]) {
      const job = {
        plan: inspector.plan({ columns: ['pfn'] }),
        ranges: inspector.ranges(undefined),
        output: { kind: 'fold' as const, fold: 'summary' as const },
        window: Number.MAX_SAFE_INTEGER,
      };
      const got = await new ScanPool(inspector, job, jobs, noCounts(), { atOnce: true }).fold('summary');
      expect(got.pages).toBe(want.pages);
      expect(new Map([...got.flags].sort())).toEqual(new Map([...want.flags].sort()));
      expect(new Map([...got.types].sort())).toEqual(new Map([...want.types].sort()));
      expect(new Map([...got.slabCaches].sort())).toEqual(new Map([...want.slabCaches].sort()));
      expect([...got.folios]).toEqual([...want.folios]);
    }
  });

  test('waits for who takes the rows, and ends when nobody wants more', async () => {
    const before = threads();
    let chunks = 0;
    for await (const _ of poolOf({}, 3, 'csv').texts()) {
      await new Promise((resolve) => setTimeout(resolve, 30));
      if (++chunks === 2) break;
    }
    expect(chunks).toBe(2);
    expect(threads()).toBeLessThanOrEqual(before);
  });

  test('stops at a limit', async () => {
    const parts: Buffer[] = [];
    for await (const chunk of poolOf({ limit: 20000 }, 3, 'csv').texts()) parts.push(Buffer.from(chunk));
    expect(Buffer.concat(parts).toString().trimEnd().split('\n')).toHaveLength(20000);
  });

  test('notices a thread that sees other memory', async () => {
    const path = join(dir, 'other.elf');
    const bytes = readFileSync(join(dir, 'sample.elf'));
    writeFileSync(path, bytes.fill(0, 65536));
    const fd = openSync(path, 'r');
    const image = { ...inspector.image, files: [{ name: 'other', byteLength: bytes.length, fd }] };
    const other = Object.assign(Object.create(Object.getPrototypeOf(inspector)), inspector, { image });
    const job = jobOf({}, 2, 'csv', NAMES);
    await expect(async () => {
      for await (const _ of new ScanPool(other, job, 2, noCounts(), { atOnce: true }).texts())
        await new Promise((resolve) => setTimeout(resolve, 200));
    }).rejects.toThrow('as it was when the file was opened, found another one');
    closeSync(fd);
  });

  test('tells why a thread could not go on', async () => {
    const { plan, ranges, output, window } = jobOf({}, 1, 'csv', NAMES);
    // the threads get another file than this one was opened from
    const fd = openSync(new URL('../../package.json', import.meta.url), 'r');
    const image = { ...inspector.image, files: [{ name: 'other', byteLength: 100, fd }] };
    const other = Object.assign(Object.create(Object.getPrototypeOf(inspector)), inspector, { image });
    const pool = new ScanPool(other, { plan, ranges, output, window }, 2, noCounts(), { atOnce: true });
    await expect(async () => {
      for await (const _ of pool.texts()) await new Promise((resolve) => setTimeout(resolve, 200));
    }).rejects.toThrow('other: expected a');
    closeSync(fd);
  });
});

function threads(): number {
  return readdirSync('/proc/self/task').length;
}
