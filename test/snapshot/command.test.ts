import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { openMemory } from '../../src/index.ts';
import { pageblockOrder } from '../../src/memmap/pageblock-order.ts';
import { isSampled } from '../../src/snapshot/sample.ts';
import { SNAPSHOT_PAGE_COLUMNS } from '../../src/snapshot/schema.ts';
import { type Ran, SAMPLE, structpage } from '../cli/run.ts';
import { metadataOf, readParquet } from '../export/parquet-file.ts';

const dir = mkdtempSync(join(tmpdir(), 'structpage-snapshot-'));
afterAll(() => rmSync(dir, { recursive: true }));

let [store, spool] = ['', ''];
let runs = 0;
beforeEach(() => {
  runs++;
  [store, spool] = [join(dir, `store${runs}`), join(dir, `spool${runs}`)];
});

const TIME = '2026-11-21T23:59:59Z';
const snapshot = (...more: string[]): Ran =>
  structpage('snapshot', SAMPLE, '--to', store, '--spool', spool, '--host', 'web-1', '--time', TIME, ...more);
const said = ({ out }: Ran): Record<string, unknown> => JSON.parse(out) as Record<string, unknown>;
const filesIn = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: 'utf8', withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
        .sort()
    : [];
const shown = (): string[] => filesIn(store).filter((path) => !/(^|\/)[._]/.test(path));
const rowsOf = (table: string): Promise<Record<string, unknown>[]> =>
  readParquet(readFileSync(join(store, shown().find((path) => path.startsWith(`${table}/`))!)));
const waiting = (): string[] => filesIn(spool).filter((path) => path.endsWith('.parquet'));

const NAME = 'date=2026-11-21/host=web-1/unknown-20261121T235959Z.parquet';

test('a snapshot has the pages that export gives, and says what was done', async () => {
  const ran = snapshot('--role', 'web', '--max-cpu', '100');
  expect(shown()).toEqual(['free', 'hosts', 'pages', 'summary'].map((table) => `${table}/${NAME}`));
  expect(ran.out.split('\n')).toHaveLength(2);
  expect(said(ran)).toMatchObject({
    host: 'web-1',
    time: '2026-11-21T23:59:59.000Z',
    store,
    sample: '1/1',
    files: 4,
    rows: 65_536,
    lost: 0,
    sent: 4,
    spooled: 0,
    dropped: 0,
  });
  expect(waiting()).toEqual([]);
  const file = join(dir, 'exported.parquet');
  structpage('export', SAMPLE, '-o', file, '--columns', SNAPSHOT_PAGE_COLUMNS.join(), '--words', 'signed');
  const exported = await readParquet(readFileSync(file));
  const pages = await rowsOf('pages');
  expect(pages).toHaveLength(exported.length);
  const release = pages[0]!.release;
  for (const [i, row] of pages.entries()) {
    if (i % 97 !== 0) continue;
    const facts = { time: new Date(TIME), release };
    const expected = Object.entries({ ...facts, ...exported[i]! }).filter(([, value]) => value !== undefined);
    expect(
      Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined && value !== null)),
    ).toEqual(Object.fromEntries(expected.filter(([, value]) => value !== null)));
  }
  expect(await rowsOf('hosts')).toMatchObject([
    {
      release,
      architecture: 'x86_64',
      page_size: 4096,
      schema_version: 1,
      pages: 65_536n,
      sample: '1/1',
      lost: 0n,
      role: 'web',
    },
  ]);
});

test('fleet sql reads it, by a statement of any length', () => {
  snapshot('--only', 'summary');
  const statement = `select h.host, sum(s.pages) as pages from hosts h join summary s using (host, time) where s.by = 'type' group by h.host ${' '.repeat(5000)}`;
  const { code, out, err } = structpage('fleet', 'sql', statement, store, '--format', 'json');
  expect([code, err]).toEqual([0, '']);
  expect(JSON.parse(out)).toMatchObject([{ host: 'web-1' }]);
  expect(Number(JSON.parse(out)[0].pages)).toBe(65_536);
});

test('the same snapshot again changes nothing', () => {
  snapshot();
  const before = shown()
    .filter((path) => !path.startsWith('hosts'))
    .map((path) => readFileSync(join(store, path)));
  const ran = snapshot();
  expect(said(ran)).toMatchObject({ sent: 4, spooled: 0 });
  const after = shown()
    .filter((path) => !path.startsWith('hosts'))
    .map((path) => readFileSync(join(store, path)));
  expect(after).toEqual(before);
});

test('without classes, their column is empty', async () => {
  snapshot('--no-classes');
  const pages = await rowsOf('pages');
  expect(Object.keys(pages[0]!)).toContain('class');
  expect(pages.every((row) => row.class === null || row.class === undefined)).toBe(true);
  expect(pages.some((row) => row.type === 'slab')).toBe(true);
  expect(new Set((await rowsOf('summary')).map((row) => row.by))).toContain('type');
});

test('counts alone', () => {
  expect(said(snapshot('--only', 'summary'))).toMatchObject({ files: 3, rows: 0, sent: 3 });
  expect(shown()).toEqual(['free', 'hosts', 'summary'].map((table) => `${table}/${NAME}`));
  expect(snapshot('--only', 'summary', '--columns', 'pfn')).toMatchObject({ code: 2 });
});

test('a sample has whole pageblocks, and says so', async () => {
  snapshot('--sample', '1/4', '--columns', 'pfn');
  const memory = await openMemory([SAMPLE]);
  const order = pageblockOrder(memory.types, memory.kernel.space.walker.tables.mode);
  const expected: bigint[] = [];
  for (const { start, end } of memory.ranges(undefined)) {
    for (let pfn = start; pfn < end; pfn++) {
      if (isSampled(Math.floor(pfn / 2 ** order), { of: 4, text: '' })) expected.push(BigInt(pfn));
    }
  }
  memory.close();
  expect(expected.length).toBeGreaterThan(1000);
  expect(expected.length).toBeLessThan(30_000);
  const pages = await rowsOf('pages');
  expect(pages.map((row) => row.pfn)).toEqual(expected);
  expect(Object.keys(pages[0]!)).toEqual(['time', 'boot_id', 'release', 'pfn']);
  expect(await rowsOf('hosts')).toMatchObject([{ sample: '1/4', pages: 65_536n }]);
  const path = join(store, 'pages', NAME);
  expect(metadataOf(readFileSync(path)).key_value_metadata).toContainEqual({
    key: 'structpage.sample',
    value: '1/4',
  });
});

describe('a store that cannot be reached', () => {
  test('leaves snapshots in the spool, which the next run sends, oldest first', () => {
    writeFileSync(store, 'no folder');
    const first = snapshot('--only', 'summary', '--top', '0');
    expect(first.code).toBe(0);
    expect(first.err).toContain('the next run sends it');
    expect(said(first)).toMatchObject({ sent: 0, spooled: 1 });
    expect(said(snapshot('--only', 'summary', '--time', '2026-11-22T00:01:00Z'))).toMatchObject({
      sent: 0,
      spooled: 2,
    });
    expect(waiting()).toHaveLength(6);
    rmSync(store);
    expect(said(snapshot('--time', '2026-11-22T00:02:00Z'))).toMatchObject({ sent: 10, spooled: 0 });
    expect(waiting()).toEqual([]);
    expect(shown()).toHaveLength(10);
  });

  test('is one whose mark is gone, once it was reached', () => {
    snapshot('--only', 'summary');
    renameSync(store, `${store}.away`);
    mkdirSync(store);
    const ran = snapshot('--only', 'summary', '--time', '2026-11-22T00:01:00Z');
    expect(ran.err).toContain('Is its file system mounted?');
    expect(said(ran)).toMatchObject({ sent: 0, spooled: 1 });
    expect(filesIn(store)).toEqual([]);
    rmSync(store, { recursive: true });
    renameSync(`${store}.away`, store);
    expect(said(snapshot('--only', 'summary', '--time', '2026-11-22T00:02:00Z'))).toMatchObject({
      sent: 6,
      spooled: 0,
    });
  });

  test('and a spool that cannot be written is an error', () => {
    writeFileSync(store, '');
    writeFileSync(spool, '');
    const ran = snapshot();
    expect([ran.code, ran.out]).toEqual([3, '']);
    expect(ran.err).toContain(`cannot write ${store}`);
  });
});

test('without a place for the spool, it is in the store, out of sight', () => {
  writeFileSync(spool, '');
  const ran = snapshot('--only', 'summary');
  expect(said(ran)).toMatchObject({ sent: 3, spooled: 0 });
  expect(shown()).toHaveLength(3);
});

test('--keep gives up the oldest snapshots, of this host only', () => {
  const other = ['--host', 'web-2', '--only', 'summary'];
  snapshot(...other, '--time', '2026-01-01T00:00:00Z');
  for (const day of ['01', '02', '03']) snapshot('--only', 'summary', '--time', `2026-11-${day}T00:00:00Z`);
  expect(shown()).toHaveLength(12);
  const ran = snapshot('--only', 'summary', '--time', '2026-11-04T00:00:00Z', '--keep', '2d');
  expect(said(ran)).toMatchObject({ removed: 1, dropped: 0 });
  expect(shown().filter((path) => path.includes('web-1'))).toHaveLength(9);
  expect(shown().filter((path) => path.includes('web-2'))).toHaveLength(3);
  expect(said(snapshot('--only', 'summary', '--time', '2026-11-05T00:00:00Z', '--keep', '1K'))).toMatchObject(
    { removed: 3 },
  );
  expect(shown().filter((path) => path.includes('web-1'))).toHaveLength(3);
});

test('--keep gives up what waits longest in the spool, and tells', () => {
  writeFileSync(store, '');
  snapshot('--only', 'summary');
  const ran = snapshot('--only', 'summary', '--time', '2026-11-22T00:01:00Z', '--keep', '1K');
  expect(ran.code).toBe(3);
  expect(ran.err).toContain('given up');
  expect(said(ran)).toMatchObject({ dropped: 1, spooled: 1 });
  expect(waiting().every((path) => path.includes('20261122T000100Z'))).toBe(true);
});

test('--max-cpu slows it down', () => {
  const fast = said(snapshot('--only', 'summary'));
  const slow = said(snapshot('--only', 'summary', '--max-cpu', '10'));
  expect(slow.seconds).toBeGreaterThan(2 * (fast.cpuSeconds as number));
});

describe('refuses', () => {
  test.each([
    [['--sample', '2/3'], 'not a sample'],
    [['--keep', 'much'], 'not a limit'],
    [['--max-cpu', '0'], '1 to 100'],
    [['--time', 'noon'], 'Expected a time'],
    [['--columns', 'pfn,nonsense'], "no column 'nonsense'"],
    [['--to', 'ftp://host/x'], 'not a store'],
    [['--to', 's3:///x'], 'not the address of a store'],
  ])('%j', (options, message) => {
    const ran = snapshot(...options);
    expect(ran.code).toBe(2);
    expect(ran.err).toContain(message);
    expect(existsSync(store)).toBe(false);
  });

  test('a dump that does not name its host', () => {
    const ran = structpage('snapshot', SAMPLE, '--to', store, '--spool', spool);
    expect([ran.code, ran.err.includes('--host')]).toEqual([2, true]);
  });
});
