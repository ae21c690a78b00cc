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
  },
);
