import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { describe as describeImage, openMemory, UnsupportedError } from '../../src/index.ts';
import { elfOf, memoryOf, without } from '../builders/memory-parts.ts';
import { SAMPLE, structpage } from '../cli/run.ts';

const dir = mkdtempSync(join(tmpdir(), 'structpage-test-'));
afterAll(() => rmSync(dir, { recursive: true }));
const file = join(dir, 'lost.elf');
const TWO_NODES = fileURLToPath(new URL('../fixtures/x86_64-numa-6.18.elf.gz', import.meta.url));

const rowsOf = (path: string, ...more: string[]): string[] =>
  structpage('dump', path, '--format', 'csv', ...more)
    .out.trimEnd()
    .split('\n');

test.each([
  SAMPLE,
  TWO_NODES,
  ...['x86_64-5.10.0-32-cloud', 'x86_64-7.2.13-cloud', 'x86_64-hvo-7.3'].map((name) =>
    fileURLToPath(new URL(`../fixtures/${name}.elf.gz`, import.meta.url)),
  ),
])('%s without mem_section: the page tables of vmemmap tell the same', async (path) => {
  const whole = await openMemory(path);
  const { walker } = whole.kernel.space;
  const at = walker.walk(whole.kernel.vmcoreinfo!.symbol('mem_section')!).physical!;
  const { present, base } = whole.model;
  whole.close();
  const { parts, vmcoreinfo } = await memoryOf(path);
  const page = Math.floor(at / 4096) * 4096;
  writeFileSync(file, elfOf(without(parts, page, page + 4096), vmcoreinfo));

  const inspector = await openMemory(file);
  expect(inspector.model.present).toEqual(present);
  expect(inspector.model.base).toBe(base);
  expect(inspector.model.from).toBe('the page tables of vmemmap');
  expect(inspector.warnings.join()).toMatch(/mem_section: cannot read .* the page tables of vmemmap tell/);
  // what the kernel answers depends on which pages are online, and that is lost
  for (const selection of [{ columns: ['pfn', 'kpageflags'] }, { where: 'kpagecount > 0' }])
    expect(() => inspector.plan(selection)).toThrow(UnsupportedError);
  inspector.close();

  const ran = structpage('dump', file, '--format', 'csv');
  expect(ran.code).toBe(3);
  expect(ran.out.trimEnd().split('\n')).toEqual(rowsOf(path));
  expect(structpage('page', file, 'pfn:4161').out).toMatch(/^pfn 4161\n/);
});

test('a dump of two nodes that ends within the second one has the pages of the first', async () => {
  const whole = await openMemory(TWO_NODES);
  const second = describeImage(whole).pageArray.find((p) => p.start === 32768)!.physical!;
  whole.close();
  const { parts, vmcoreinfo } = await memoryOf(TWO_NODES);
  writeFileSync(file, elfOf(without(parts, second, 2 ** 40), vmcoreinfo));
  const ran = structpage('dump', file, '--format', 'csv');
  expect(ran.code).toBe(3);
  expect(ran.err).toMatch(/warning: mem_section: cannot read /);
  const want = rowsOf(TWO_NODES, '--pfn', '0-32767');
  const rows = ran.out.trimEnd().split('\n');
  expect(rows.slice(0, want.length)).toEqual(want);
  expect(rows.length).toBe(want.length);
  // the second node's struct pages are mapped by tables that are there, but are not there themselves, or are not known of
  expect(ran.err).toMatch(
    /32768 struct pages could not be read|page frames 32768 to \d+ may have struct pages, too/,
  );
});
