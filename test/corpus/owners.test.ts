import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { structpage } from '../cli/run.ts';

/** Captures of guests that recorded their own pagemaps, smaps_rollup and cgroups, and the program that compares. */
const truth = process.env.STRUCTPAGE_TRUTH ?? '';
const answers = process.env.STRUCTPAGE_ANSWERS ?? '';
const checker = process.env.STRUCTPAGE_TRUTH_CHECKER ?? '';
const captures = existsSync(truth) && existsSync(checker) ? readdirSync(truth) : [];
if (captures.length === 0)
  console.info('no captures with answers (STRUCTPAGE_TRUTH): owners are not held against them');

const dir = mkdtempSync(join(tmpdir(), 'structpage-test-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** What smaps says that `process` says, too. */
const SIZES =
  /^(size|rss|pss|anonymous|lazyfree|anonhugepages|shmempmdmapped|filepmdmapped|shared_hugetlb|private_hugetlb|swap|swappss|locked)$/;

interface RecordedArea {
  readonly start: bigint;
  readonly sizes: Map<string, number>;
}

/** The areas of user space in a record of /proc/PID/smaps, with `==> PID` before each. */
function smapsOf(path: string): Map<string, RecordedArea[]> {
  const text = spawnSync('zstd', ['-dcq', '--long=27', path], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  }).stdout;
  const found = new Map<string, RecordedArea[]>();
  for (const part of text.split(/^==> /m).slice(1)) {
    const areas: RecordedArea[] = [];
    for (const line of part.split('\n').slice(1)) {
      const head = /^([0-9a-f]+)-[0-9a-f]+ /.exec(line);
      const size = /^(\w+): +(\d+) kB$/.exec(line);
      if (head) areas.push({ start: BigInt(`0x${head[1]}`), sizes: new Map() });
      else if (size && SIZES.test(size[1]!.toLowerCase()))
        areas.at(-1)!.sizes.set(size[1]!.toLowerCase(), Number(size[2]));
    }
    const own = areas.filter((a) => a.start < 1n << 63n);
    if (own.length > 0) found.set(/^\d+/.exec(part)![0], own);
  }
  return found;
}

describe.skipIf(captures.length === 0).each(captures.length > 0 ? captures : ['a capture'])(
  'owners of the pages of %s',
  (name) => {
    const dump = join(truth, name, 'vmcore.elf');
    const table = (file: string, ...args: string[]): string => {
      const path = join(dir, file);
      const { code, out, err } = structpage(...args, dump, '--format', 'csv');
      expect([code, err]).toEqual([0, '']);
      writeFileSync(path, out);
      return path;
    };

    test('mappings, processes, files and cgroups are those that the guest and drgn say', () => {
      const pages = join(dir, 'pages.csv');
      expect(structpage('export', dump, '-o', pages, '--columns', 'pfn,file,memcg').code).toBe(0);
      const given = [
        ['--pages', pages],
        ['--mappings', table('mappings.csv', 'mappings')],
        ['--processes', table('processes.csv', 'owners', '--by', 'process')],
      ];
      const check = spawnSync('python3', [checker, join(answers, name), ...given.flat()], {
        encoding: 'utf8',
      });
      expect(check.stdout).not.toContain('SHORT');
      expect(check.stdout.match(/ ok$/gm)?.length).toBe(8);
      expect([check.status, check.stderr]).toEqual([0, '']);
    });

    test('a page shows how it leads to its file and its processes', () => {
      const where = 'pids is not empty and mapping_kind == file';
      const rows = structpage(
        'dump',
        dump,
        '--where',
        where,
        '--columns',
        'pfn',
        '--limit',
        '1',
        '--format',
        'csv',
      );
      const { out, code } = structpage('page', dump, rows.out.trim().split('\n')[1]!);
      expect(code).toBe(0);
      expect(out).toMatch(/^ {2}mapping 0x[0-9a-f]+ -> inode 0x[0-9a-f]+ \(\d+\) of \w+ 0x[0-9a-f]+ -> \S/m);
      expect(out).toMatch(
        /^ {2}mapped by .*\[\d+\] at 0x[0-9a-f]+: mm_struct 0x[0-9a-f]+ vm_area_struct 0x/m,
      );
    });

    test('each memory area of each process is as smaps has it', () => {
      const wanted = smapsOf(join(answers, name, 'truth', 'proc-smaps.zst'));
      expect(wanted.size).toBeGreaterThan(10);
      let compared = 0;
      for (const [pid, areas] of wanted) {
        const { out, code } = structpage('process', dump, pid, '--format', 'ndjson');
        expect(code).toBe(0);
        const rows = out
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as Record<string, unknown>);
        for (const area of areas) {
          const row = rows.find((r) => BigInt(r.start as string) === area.start)!;
          const own = Object.fromEntries([...area.sizes.keys()].map((key) => [key, row[key]]));
          expect({ pid, start: row.start, ...own }).toEqual({
            pid,
            start: `0x${area.start.toString(16)}`,
            ...Object.fromEntries(area.sizes),
          });
          compared += area.sizes.size;
        }
      }
      expect(compared).toBeGreaterThan(2000);
    });
  },
);
