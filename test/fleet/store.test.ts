import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openFolder, UsageError } from '../../src/index.ts';
import { shell, structpage } from '../cli/run.ts';
import { simulated } from './answers.ts';

const dir = mkdtempSync(join(tmpdir(), 'structpage-store-'));
const fleet = join(dir, 'fleet');
beforeAll(async () => {
  await simulated(fleet, { hosts: 8, snapshots: 2 });
  // what writers leave, and what is no snapshot
  writeFileSync(join(fleet, 'hosts/date=2026-11-16/host=web-000/.half.parquet'), 'PAR1');
  mkdirSync(join(fleet, 'hosts/_temporary/date=2026-11-16'), { recursive: true });
  writeFileSync(join(fleet, 'hosts/_temporary/date=2026-11-16/half.parquet'), 'PAR1');
  writeFileSync(join(fleet, 'hosts/date=2026-11-16/notes.txt'), 'notes');
}, 60_000);
afterAll(() => rmSync(dir, { recursive: true }));

const count = (...args: string[]): string =>
  structpage('fleet', 'sql', 'select count(*) as n from hosts', '--format', 'csv', ...args, fleet).out;

describe('a store', () => {
  test('leaves out files that are being written', () => {
    expect(openFolder(fleet).files.get('hosts')).toHaveLength(16);
  });

  test('is asked with SQL, by dates and hosts', () => {
    expect(count()).toBe('n\n16\n');
    expect(count('--from', '2026-11-17')).toBe('n\n8\n');
    expect(count('--host', 'web-000,db-001')).toBe('n\n4\n');
  });

  test('has views and macros', () => {
    const sql =
      "select host, time, mib(1048576) as mib, has_flag('lru|dirty', 'dirty') as dirty from newest() order by host limit 1";
    const ran = structpage('fleet', 'sql', '--format', 'ndjson', sql, fleet);
    expect(JSON.parse(ran.out)).toEqual({
      host: 'batch-000',
      time: '2026-11-17 03:00:00',
      mib: 1,
      dirty: true,
    });
  });

  test('takes a statement from standard input', () => {
    const ran = shell(`echo 'select count(*) from free' | structpage fleet sql ${fleet} --format csv`);
    expect([ran.code, ran.out.split('\n')[0]]).toEqual([0, 'count_star()']);
  });

  test('says what a query would read', () => {
    const { code, out } = structpage('fleet', 'queries', '--store', fleet);
    expect(code).toBe(0);
    expect(out).toMatch(/^growers +\d+(\.\d)? [KM]iB +of /m);
  });

  test('can be compacted into fewer files, in which hosts are a column', () => {
    const compact = join(dir, 'compact');
    mkdirSync(compact);
    for (const table of ['pages', 'summary', 'free', 'hosts']) {
      const copy = `copy (select * from ${table} order by host, time) to '${compact}/${table}' (format parquet, partition_by (date))`;
      expect(structpage('fleet', 'sql', copy, fleet).code).toBe(0);
    }
    expect(openFolder(compact).files.get('summary')).toHaveLength(2);
    const ask = (store: string, ...args: string[]): string =>
      structpage('fleet', 'sql', ...args, '--format', 'csv', store).out;
    for (const query of ['growers', 'fragmentation', 'pinned-blocks']) {
      const answer = ask(fleet, '--query', query);
      expect(answer.split('\n').length).toBeGreaterThan(2);
      expect(ask(compact, '--query', query)).toBe(answer);
    }
    expect(ask(compact, 'select count(*) as n from hosts', '--host', 'web-000')).toBe('n\n2\n');
  }, 60_000);

  test('old files may lack columns', async () => {
    // a file of a later version of the schema has one more
    const later = join(fleet, 'free/date=2026-11-17/host=web-000/later.parquet');
    const made = structpage(
      'fleet',
      'sql',
      '--host',
      'web-000',
      '-o',
      later,
      'select time, boot_id, release, node, zone, "order", migratetype, blocks, 7 as more from free limit 1',
      fleet,
    );
    expect([made.code, made.err]).toEqual([0, '']);
    const ran = structpage(
      'fleet',
      'sql',
      '--format',
      'csv',
      'select more, count(*) as n from free group by more order by n',
      fleet,
    );
    rmSync(later);
    expect(ran.out).toMatch(/^more,n\n7,1\n,\d+\n$/);
  });
});

describe('what is wrong is said in a sentence', () => {
  test.each([
    [['fleet', 'sql', 'select 1', '/nowhere/at/all'], 'is not a folder of snapshots'],
    [['fleet', 'sql', 'select nothing from hosts', fleet], 'Referenced column "nothing" not found'],
    [['fleet', 'sql', '--query', 'nothing', fleet], "there is no query 'nothing'; choose changes"],
    [
      ['fleet', 'sql', '--query', 'growers', '--set', 'top=many', fleet],
      'the parameter top takes a whole number',
    ],
    [['fleet', 'sql', '--from', '2027-01-01', 'select 1', fleet], 'has no snapshots of the selected dates'],
    [['fleet', 'sql', '--from', 'Tuesday', 'select 1', fleet], 'Expected a date'],
    [['fleet', 'simulate', fleet], 'is not empty'],
    [['fleet', 'simulate', join(dir, 'new'), '--hosts', '3'], '--hosts must be at least 24'],
  ])('%j', (args, message) => {
    const { code, err } = structpage(...args);
    expect(err).toContain(message);
    expect(err).not.toMatch(/^ +at /m);
    expect(code).toBe(2);
  });

  test('a query is refused where its table is missing', async () => {
    const bare = join(dir, 'bare');
    await simulated(bare, { hosts: 8, snapshots: 2 });
    rmSync(join(bare, 'pages'), { recursive: true });
    const { code, err } = structpage('fleet', 'sql', '--query', 'pinned-blocks', bare);
    expect([code, err]).toEqual([2, expect.stringContaining('has no files of pages')]);
    expect(structpage('fleet', 'sql', 'select count(*) as n from pages', bare, '--format', 'csv').out).toBe(
      'n\n0\n',
    );
  }, 30_000);

  test('an empty folder is no store', () => {
    mkdirSync(join(dir, 'empty'));
    expect(() => openFolder(join(dir, 'empty'))).toThrow(UsageError);
  });
});
