import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseSnapshotPath } from '../../src/snapshot/paths.ts';
import { structpage } from '../cli/run.ts';
import { type GuestRun, kernels, missing, runGuest } from './guest.ts';

const releases = missing() === undefined ? kernels(['5.10', '6.1', '6.12', '7.2']).slice(-3) : [];
if (releases.length === 0) console.info(`no guests: ${missing()}`);

const store = mkdtempSync(join(tmpdir(), 'structpage-fleet-'));
afterAll(() => rmSync(store, { recursive: true }));

const paths: string[] = [];
const runs = new Map<string, GuestRun>();
const SECONDS = 900;

describe.skipIf(releases.length === 0)('a timer in three guests at once', () => {
  beforeAll(async () => {
    const run = async (release: string): Promise<void> => {
      const done = await runGuest(release, {
        scenario: 'timer',
        // three guests at once have too little of the processors for what the kernel measures
        append: 'no_timer_check',
        seconds: SECONDS,
        onResult(name, value) {
          if (name !== 'file') return;
          const { path, base64 } = value as { path: string; base64: string };
          mkdirSync(dirname(join(store, path)), { recursive: true });
          writeFileSync(join(store, path), Buffer.from(base64, 'base64'));
          paths.push(path);
        },
      });
      runs.set(release, done);
    };
    await Promise.all(releases.map(run));
  }, SECONDS * 1000);

  test.for(releases)('%s takes snapshots that are complete', (release) => {
    const { results, console: text } = runs.get(release)!;
    expect(results.failed, text.slice(-2000)).toBeUndefined();
    expect(results.said, text.slice(-2000)).toBeDefined();
    const { said, codes, errors } = results.said;
    // what changes while it is walked may leave pages without their class, which is told
    for (const code of codes) expect(['0', '3']).toContain(code);
    for (const error of errors)
      expect(error).toMatch(/so some pages lack their class|cannot read the migratetypes/);
    expect(codes).toHaveLength(2);
    expect(said).toHaveLength(2);
    const host = `guest-${release.split('-')[0]}`;
    const all = { host, release, files: 4, sent: 4, spooled: 0, lost: 0, sample: '1/16' };
    for (const line of said) expect(line).toMatchObject(all);
    expect(said[0].bootId).toMatch(/^[0-9a-f-]{36}$/);
    expect(said[1].bootId).toBe(said[0].bootId);
    const own = paths.map((path) => parseSnapshotPath(path)!).filter((path) => path.host === host);
    const tables = ['free', 'hosts', 'pages', 'summary'].flatMap((table) => [table, table]);
    expect(own.map((path) => path.table).sort()).toEqual(tables);
  });

  test('fills one store, which tells all of them', () => {
    const { code, out, err } = structpage(
      'fleet',
      'sql',
      "select h.host, h.release, count(*) as snapshots, any_value(h.role) as role, sum(h.lost) as lost, any_value(h.pages) as pages, min(s.pages) as counted from hosts h join (select host, time, sum(pages) as pages from summary s where s.by = 'class' group by host, time) s on s.host = h.host and s.time = h.time group by h.host, h.release order by h.release",
      store,
      '--format',
      'json',
    );
    expect([code, err]).toEqual([0, '']);
    const rows = JSON.parse(out) as Record<string, unknown>[];
    expect(rows.map((row) => row.release)).toEqual([...releases].sort());
    for (const row of rows) {
      expect([row.snapshots, row.role, row.lost].map(String)).toEqual(['2', 'test', '0']);
      // all struct pages of 640 MiB, which are those of 5 sections, have a class
      expect([row.pages, row.counted].map(String)).toEqual(['163840', '163840']);
    }
  });
});
