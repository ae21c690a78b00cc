import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { structpage } from '../cli/run.ts';

/** Dumps as other programs read them, with a checker; both are beside the repository where they are at all. */
const dumps = process.env.STRUCTPAGE_CORPUS ?? '';
const checker = process.env.STRUCTPAGE_CHECKER ?? '';
const oracles = process.env.STRUCTPAGE_ORACLES ?? '';
const present = existsSync(dumps) && existsSync(checker) && existsSync(oracles);
if (!present) console.info('the corpus is not here (STRUCTPAGE_CORPUS): its tests are skipped');

const COLUMNS =
  'pfn,page,flags_raw,refcount,mapcount_raw,head,order,mapping,slab_cache,node,zone,kpageflags,kpagecount';
const dir = mkdtempSync(join(tmpdir(), 'structpage-test-'));
afterAll(() => rmSync(dir, { recursive: true }));

describe.skipIf(!present)('every page of a whole dump is as drgn and its own kernel say', () => {
  test.each([
    // live guests went on for a moment between their answers and the dump
    ['x86_64-5.10.0-32-cloud', 'vmcore.elf', '0.995'],
    ['x86_64-6.12.107-cloud', 'vmcore.elf', '0.995'],
    ['x86_64-7.2.13-cloud', 'vmcore.elf', '0.995'],
    ['x86_64-6.12.107-kdump', 'vmcore.filtered-elf-d31', '1'],
    ['x86_64-6.12.107-kdump', 'vmcore.kdump-lzo-d31', '1'],
  ])('%s/%s', (folder, file, atLeast) => {
    const csv = join(dir, 'pages.csv');
    const ran = structpage('export', join(dumps, folder, file), '-o', csv, '--columns', COLUMNS);
    expect(ran).toEqual({ code: 0, out: '', err: '' });
    const names = COLUMNS.split(',').filter((c) => c !== 'order');
    const check = spawnSync(
      'python3',
      [checker, csv, join(oracles, folder), '--min-kpageflags', atLeast, '--columns', names.join(',')],
      { encoding: 'utf8' },
    );
    expect(check.stdout).not.toContain('SHORT');
    expect([check.status, check.stderr]).toEqual([0, '']);
  });
});
