import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type Inspector, openMemory, PAGE_CLASSES } from '../../src/index.ts';
import { objectsOf } from '../../src/objects/slab/slab-objects.ts';
import { slabUsage } from '../../src/objects/slab/usage.ts';
import { structpage } from '../cli/run.ts';

/** Captures of guests that said themselves what each page is for, the answers, and the program that compares. */
const truth = process.env.STRUCTPAGE_TRUTH ?? '';
const answers = process.env.STRUCTPAGE_ANSWERS ?? '';
const checker = process.env.STRUCTPAGE_TRUTH_CHECKER ?? '';
const found = existsSync(truth) && existsSync(checker) ? readdirSync(truth) : [];
const noCaptures = found.length === 0;
const captures = noCaptures ? ['none'] : found;
if (noCaptures)
  console.info('no captures with answers (STRUCTPAGE_TRUTH): classes are not held against them');

const corpus = process.env.STRUCTPAGE_CORPUS ?? '';
const DUMPS = [
  'x86_64-5.10.0-32-cloud/vmcore.elf',
  'x86_64-6.12.107-cloud/vmcore.elf',
  'x86_64-6.12.107-kdump/vmcore.kdump-lzo-d31',
  'x86_64-7.2.13-cloud/vmcore.elf',
];
const dumps = DUMPS.filter((name) => existsSync(join(corpus, name)));

const dir = mkdtempSync(join(tmpdir(), 'structpage-test-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** Pages whose reference count is not explained, with what is left over. */
function unexplainedOf({ references }: Inspector): Map<number, number> {
  const { pfns, unexplained } = references;
  return new Map(Array.from(pfns, (pfn, i) => [pfn, unexplained[i]!]));
}

/** What holds for the classes of any machine. */
function checkClasses(inspector: Inspector): void {
  const { codes, conflicts, gaps } = inspector.classes;
  expect(conflicts).toEqual([]);
  expect(gaps).toEqual([]);
  expect(codes.indexOf(0)).toBe(-1);
  expect(Math.max(...new Set(codes))).toBeLessThan(PAGE_CLASSES.length);
}

describe.skipIf(noCaptures).each(captures)('the pages of %s', (name) => {
  test('are of the class that the guest and drgn say', async () => {
    const inspector = await openMemory(join(truth, name, 'vmcore.elf'));
    checkClasses(inspector);
    const { codes } = inspector.classes;
    const unexplained = unexplainedOf(inspector);
    const rows = Array.from(
      codes,
      (code, pfn) => `${pfn},${PAGE_CLASSES[code]!.name},${unexplained.get(pfn) ?? 0}`,
    );
    inspector.close();
    const path = join(dir, `${name}.csv`);
    writeFileSync(path, ['pfn,class,refs_unexplained', ...rows, ''].join('\n'));
    const { stdout, status } = spawnSync(checker, [join(answers, name), '--pages', path], {
      encoding: 'utf8',
    });
    expect(stdout).toMatch(/^class +(\d+)\/\1 ok$/m);
    expect(stdout).toMatch(/^leaked references +(\d+)\/\1 ok$/m);
    // the leaked ones, less those of pages that were truncated, and no other
    const leaked = [...unexplained.keys()].filter((pfn) => PAGE_CLASSES[codes[pfn]!]!.name !== 'unknown');
    const told = readFileSync(join(answers, name, 'truth/leaks'), 'utf8').matchAll(/^gup \d+ ([0-9a-f]+)$/gm);
    const expected = new Set([...told].map(([, pfn]) => Number.parseInt(pfn!, 16)));
    expect(leaked.filter((pfn) => !expected.has(pfn))).toEqual([]);
    expect({ stdout, status }).toMatchObject({ status: 0 });
  });
});

describe.skipIf(noCaptures).each(captures)('the slab caches of %s', (name) => {
  test('have the slabs, objects and objects in use that drgn counts', async () => {
    const { code, out } = structpage('slab', join(truth, name, 'vmcore.elf'), '--format', 'csv');
    expect(code).toBe(0);
    const path = join(dir, `${name}.slab.csv`);
    writeFileSync(path, out);
    const { stdout, status } = spawnSync(checker, [join(answers, name), '--slab', path], {
      encoding: 'utf8',
    });
    expect({ stdout, status }).toMatchObject({ status: 0 });
  });

  test('list as many objects, each once', async () => {
    const inspector = await openMemory(join(truth, name, 'vmcore.elf'));
    const { objects, layout, reader } = inspector;
    for (const { cache, objects: count, active } of slabUsage({ objects, layout, reader })) {
      const all = [...objectsOf({ objects, layout, reader }, cache, (why) => expect.fail(why))];
      expect([cache.name, all.length]).toEqual([cache.name, count]);
      expect([cache.name, all.filter((o) => o.state === 'active').length]).toEqual([cache.name, active]);
      expect(new Set(all.map((o) => o.address)).size).toBe(count);
      if (count > 5000) break;
    }
    inspector.close();
  });
});

describe.skipIf(dumps.length === 0).each(dumps.length > 0 ? dumps : DUMPS)('the pages of %s', (name) => {
  test('have one class each', async () => {
    const inspector = await openMemory(join(corpus, name));
    checkClasses(inspector);
    const counts = new Map<string, number>();
    for (const code of inspector.classes.codes) {
      const { name } = PAGE_CLASSES[code]!;
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    const memory = inspector.classes.codes.length - (counts.get('hole') ?? 0);
    expect((counts.get('unknown') ?? 0) / memory).toBeLessThan(0.005);
    expect([...unexplainedOf(inspector)]).toEqual([]);
    inspector.close();
  });
});
