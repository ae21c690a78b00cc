import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fleetReport, openFolder } from '../../src/index.ts';
import { snapshotPath } from '../../src/snapshot/paths.ts';
import { writeSnapshotRows } from '../../src/snapshot/write-table.ts';
import { structpage } from '../cli/run.ts';
import { plantedOf, simulated } from './answers.ts';

const dir = mkdtempSync(join(tmpdir(), 'structpage-report-'));
const fleet = join(dir, 'fleet');
beforeAll(() => simulated(fleet, { hosts: 24 }), 60_000);
afterAll(() => rmSync(dir, { recursive: true }));

interface PageData {
  readonly classes: readonly string[];
  readonly hosts: readonly {
    readonly host: string;
    readonly memory: number;
    readonly bytes: readonly number[];
    readonly marks: readonly (readonly [number, string])[];
  }[];
  readonly queries: readonly { readonly name: string }[];
}

/** What a page shows. */
function dataOf(html: string): PageData {
  const [, text] = /<script id="data" type="application\/json">(.*?)<\/script>/s.exec(html)!;
  return JSON.parse(text!) as PageData;
}

describe('the report', () => {
  test('shows every host, with remarks on those with planted faults', () => {
    const page = join(dir, 'fleet.html');
    const { code, err } = structpage('fleet', 'report', fleet, '-o', page);
    expect([code, err]).toEqual([
      0,
      expect.stringMatching(/^structpage: 24 hosts, \d+ of them with remarks, written to /),
    ]);
    const { hosts, queries, classes } = dataOf(readFileSync(page, 'utf8'));
    expect(hosts).toHaveLength(24);
    for (const { bytes, memory } of hosts) {
      expect(bytes).toHaveLength(classes.length);
      // every page has a class
      expect(bytes.reduce((sum, n) => sum + n, 0)).toBe(memory);
    }
    const marked = (query: string): string[] =>
      hosts.filter(({ marks }) => marks.some(([by]) => queries[by]!.name === query)).map(({ host }) => host);
    const planted = plantedOf(fleet).queries;
    for (const query of ['outliers', 'leak-suspects', 'fragmentation', 'dying-cgroups']) {
      const rows = planted.find((e) => e.query === query)!.rows.map(([host]) => host);
      // outliers need five peers, which this fleet has not
      expect([query, marked(query)]).toEqual([query, query === 'outliers' ? [] : [...new Set(rows)].sort()]);
    }
  });

  test('loads nothing, and shows names as text', async () => {
    const store = join(dir, 'hostile');
    const name = `</script><img src=x onerror="alert('1')">&\u2028`;
    const facts = { time: Date.UTC(2026, 10, 21), boot_id: undefined, release: `<b>6</b>"'` };
    const path = (table: 'hosts' | 'summary'): string =>
      join(store, snapshotPath(table, { host: name, bootId: undefined, time: facts.time }));
    const write = async (
      file: string,
      use: (sink: (data: string | Uint8Array) => Promise<void>) => Promise<void>,
    ) => {
      const parts: Uint8Array[] = [];
      await use(async (data) => void parts.push(Buffer.from(data as Uint8Array)));
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, Buffer.concat(parts));
    };
    await write(path('hosts'), (sink) =>
      writeSnapshotRows(
        'hosts',
        [
          {
            ...facts,
            architecture: 'x86_64',
            page_size: 4096,
            version: '0',
            schema_version: 1,
            pages: 100,
            managed: 100,
            sample: '1/1',
            lost: 0,
            role: '<i>role</i>',
            seconds: 0,
            format: 'test',
          },
        ],
        sink,
      ),
    );
    const nothing = {
      node: undefined,
      zone: undefined,
      order: undefined,
      migratetype: undefined,
      objects: undefined,
    };
    await write(path('summary'), (sink) =>
      writeSnapshotRows(
        'summary',
        [{ ...facts, ...nothing, by: 'class', name: '<u>class', pages: 100, bytes: 409600 }],
        sink,
      ),
    );
    const { html, hosts } = await fleetReport(openFolder(store));
    expect(hosts).toBe(1);
    expect(dataOf(html).hosts[0]).toMatchObject({ host: name, memory: 409600, bytes: [409600] });
    for (const text of ['<img', '<b>', '<i>role', '<u>']) expect(html).not.toContain(text);
    expect(html.match(/<\/script>/g)).toHaveLength(2);
    expect(html).not.toMatch(/(src|href)="?https?:|@import|url\(/);
    expect(html).toContain("default-src 'none'");
  });

  test('says what is missing', () => {
    mkdirSync(join(dir, 'bare/hosts'), { recursive: true });
    const { code, err } = structpage('fleet', 'report', join(dir, 'bare'), '-o', join(dir, 'x.html'));
    expect([code, err]).toEqual([2, expect.stringContaining('holds no snapshots')]);
  });
});
