import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { structpage } from '../cli/run.ts';

const truth = process.env.STRUCTPAGE_TRUTH ?? '';
const corpus = process.env.STRUCTPAGE_CORPUS ?? '';

/**
 * Differences between the kernel's counters and the classes, each explained:
 * - slab: large kmalloc that has no type before 6.17, and in 7.2 a hash table that kmalloc() gave;
 * - anonymous: pages that are in the swap cache, or held by others, and mapped by nobody;
 * - page tables: the roots, which only 7.x counts, tables of early boot, and the second half of roots;
 * - kernel stacks: the 4 pages of the first task, which are in the kernel image.
 */
const DUMPS: readonly (readonly [string, Readonly<Record<string, number>>])[] = [
  [
    join(truth, '6.12-A/vmcore.elf'),
    { slab: 108, 'anonymous, mapped': -175, 'page tables': -81, 'kernel stacks': 4 },
  ],
  [
    join(truth, '5.10-A/vmcore.elf'),
    { slab: 140, 'anonymous, mapped': -175, 'page tables': -193, 'kernel stacks': 4 },
  ],
  [join(corpus, 'x86_64-7.2.13-cloud/vmcore.elf'), { slab: 14, 'page tables': -23, 'kernel stacks': 4 }],
];
const present = DUMPS.filter(([path]) => existsSync(path));
if (present.length === 0)
  console.info('no dumps (STRUCTPAGE_TRUTH, STRUCTPAGE_CORPUS): the balance is not tried');

describe.skipIf(present.length === 0).each(present.length > 0 ? present : DUMPS)(
  'the balance of %s',
  (path, explained) => {
    test('closes but for what is explained', () => {
      const { code, out } = structpage('balance', path, '--format', 'ndjson');
      expect(code).toBe(0);
      const rows = out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { item: string; difference: number | null });
      const differing = rows.filter((r) => r.difference !== null && r.difference !== 0);
      expect(Object.fromEntries(differing.map((r) => [r.item, r.difference]))).toEqual(explained);
    });
  },
);

const QUIET = ['x86_64-5.10.0-32-cloud', 'x86_64-6.12.107-cloud', 'x86_64-7.2.13-cloud']
  .map((name) => join(corpus, name, 'vmcore.elf'))
  .filter((path) => existsSync(path));

describe.skipIf(QUIET.length === 0).each(QUIET.length > 0 ? QUIET : ['none'])(
  'what nothing explains in %s',
  (path) => {
    test('is below 0.5 % of RAM', () => {
      const { out } = structpage('owners', path, '--by', 'class', '--format', 'ndjson');
      const rows = out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { class: string; pages: number });
      const pagesOf = (wanted: (name: string) => boolean): number =>
        rows.reduce((sum, r) => sum + (wanted(r.class) ? r.pages : 0), 0);
      const ram = pagesOf((name) => name !== 'hole');
      expect(pagesOf((name) => name === 'unknown') / ram).toBeLessThan(0.005);
      expect(ram).toBeGreaterThan(30000);
    });
  },
);
