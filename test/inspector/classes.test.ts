import { describe, expect, test } from 'vitest';
import { classify } from '../../src/classify/classify.ts';
import { openMemory, PAGE_CLASSES, UnsupportedError } from '../../src/index.ts';
import { structpage } from '../cli/run.ts';

/** Captures keep struct pages and the page tables that lead to them, and no other object of the kernel. */
const capture = (name: string): string => new URL(`../fixtures/${name}.elf.gz`, import.meta.url).pathname;
const NAMES = ['x86_64-5.10.0-32-cloud', 'x86_64-6.12.107-kdump', 'x86_64-7.2.13-cloud', 'x86_64-numa-6.18'];

describe.each(NAMES)('the pages of %s, whose kernel objects are left out', (name) => {
  test('have one class each, by what struct pages alone prove', async () => {
    const inspector = await openMemory(capture(name));
    const { codes, conflicts, gaps } = inspector.classes;
    expect(conflicts).toEqual([]);
    expect(gaps.map((g) => g.what)).toContain('vmalloc areas');
    expect(codes.indexOf(0)).toBe(-1);
    const names = ['free_buddy', 'slab', 'anon', 'page_table', 'memmap'];
    for (const { batch, rows } of inspector.selectSync({ columns: ['type', 'mapping_kind', 'flags'] })) {
      const [type, kind] = ['type', 'mapping_kind'].map((c) => batch.columns.get(c as 'type'));
      if (type?.kind !== 'name' || kind?.kind !== 'name') throw new Error('no such columns');
      for (const row of rows) {
        const own = PAGE_CLASSES[codes[(batch as { start: number }).start + row]!]!.name;
        const typed = type.names[type.codes[row]!];
        if (typed === 'buddy') expect(own).toBe('free_buddy');
        if (typed === 'slab') expect(own).toBe('slab');
        if (typed === 'hugetlb') expect(['hugetlb', 'hugetlb_free', 'hwpoison']).toContain(own);
      }
    }
    const met = new Set(Array.from(codes, (code) => PAGE_CLASSES[code]!.name));
    expect(names.filter((n) => !met.has(n))).toEqual([]);
    inspector.close();
  });

  test('are listed with exit code 3 and what could not be followed', () => {
    const { code, out, err } = structpage(
      'dump',
      capture(name),
      '--columns',
      'pfn,class',
      '--where',
      'class == slab',
      '--limit',
      '3',
    );
    expect(code).toBe(3);
    expect(out.trim().split('\n').length).toBe(4);
    expect(err).toMatch(/cannot follow the vmalloc areas to the end/);
  });
});

test('a page array that reaches absurdly high, as damage makes it, is refused by name', async () => {
  const inspector = await openMemory(capture(NAMES[0]!));
  const { objects, layout, reader, model } = inspector;
  const far = { start: 2 ** 40, end: 2 ** 40 + 32768 };
  const damaged = { ...model, present: [...model.present, far] };
  expect(() => classify({ objects, layout, reader, model: damaged })).toThrow(UnsupportedError);
  inspector.close();
});
