import { describe, expect, test } from 'vitest';
import { SAMPLE, structpage } from './run.ts';

const page = (...args: string[]): string => {
  const ran = structpage('page', SAMPLE, ...args);
  expect([ran.code, ran.err]).toEqual([0, '']);
  return ran.out;
};

describe('page', () => {
  test('names kpageflags, the folio and the members of a slab', () => {
    const out = page('4158');
    expect(out).toMatch(/^pfn 4158\n/);
    expect(out).toMatch(/^kpageflags +0x8080 {2}slab\|compound_head$/m);
    expect(out).toContain('pfns              4158-4159 (order 1, 2 pages)\n  this page         head\n');
    expect(out).toContain('+8    0xff361fd6c1034a00  slab.slab_cache\n');
    expect(out).toContain('+40   0x0000000000100010  slab.inuse=16 slab.objects=16 slab.frozen=0\n');
  });

  test('shows the counts of a folio on its tail', () => {
    const out = page('pfn:13313');
    expect(out).toContain('this page         tail 1\n  flags of head     uptodate|lru|head|swapbacked\n');
    expect(out).toContain('_large_mapcount   3\n');
    expect(out).toContain('+8    0xffe490aa000d0001  compound_head\n');
  });

  test('names the list of a free block and not its lru', () => {
    const pfn = structpage('dump', SAMPLE, '--where', 'free_order == 3', '--limit', '1', '--format', 'csv');
    const [head] = /^\d+/m.exec(pfn.out)!;
    expect(page(head)).toMatch(/\+8 +0x\w+ +buddy_list\.next\n +\+16 +0x\w+ +buddy_list\.prev\n/);
  });

  test('takes several pages, by bare numbers where they have one meaning', () => {
    const out = page('4158', '0xffe490aa00040fc0', '0x3400000', '0xffffffffb9e00000', 'phys:0x3400008');
    const titles = [...out.matchAll(/^.*\bpfn \d+$/gm)].map(([line]) => line);
    expect(titles).toEqual([
      'pfn 4158',
      'struct page address 0xffe490aa00040fc0 is pfn 4159',
      'physical address 0x3400000 is pfn 13312',
      'virtual address 0xffffffffb9e00000 (physical 0x5a00000) is pfn 23040',
      'physical address 0x3400008 (byte 8 of the page) is pfn 13312',
    ]);
  });

  test('refuses a bare number with two meanings', () => {
    const { code, err } = structpage('page', SAMPLE, '0x1000');
    expect([code, err]).toEqual([
      2,
      "structpage: '0x1000' is ambiguous; say which is meant: pfn:0x1000 or phys:0x1000\n",
    ]);
  });

  test('prints JSON', () => {
    const [slab, tail] = JSON.parse(page('4158', '13313', '--json'));
    expect(slab.columns.slab_cache).toBe('kmalloc-512');
    expect(slab.kpageflags).toEqual(['slab', 'compound_head']);
    expect(tail.folio).toMatchObject({ head: 13312, order: 9, pages: 512, index: 1 });
    expect(tail.words[6].members).toEqual([
      { name: '_mapcount', offset: 48, size: 4, value: '-1' },
      { name: '_refcount', offset: 52, size: 4, value: '0' },
    ]);
  });
});

describe('translate', () => {
  test('names the flags of each entry', () => {
    const { code, out } = structpage('translate', SAMPLE, '0xffe490aa00000000');
    expect([code, out.split('\n').slice(1)]).toEqual([
      0,
      [
        'level  index               entry  at physical   flags',
        'pgd      484  0x0000000009fdc067    0x7622f20   present|rw|user|accessed',
        'p4d      289  0x0000000009fdb067    0x9fdc908   present|rw|user|accessed',
        'pud      168  0x0000000009fda067    0x9fdb540   present|rw|user|accessed',
        'pmd        0  0x80000000098001e3    0x9fda000   present|rw|accessed|dirty|large|global|nx',
        'physical 0x9800000, in a 2 MiB page, pfn 38912',
        'inside the struct page of pfn 0',
        '',
      ],
    ]);
  });

  test('prints JSON, of an address that is not mapped too', () => {
    const { out } = structpage('translate', SAMPLE, '0xffe490aa00000000', '--json');
    expect(JSON.parse(out)).toMatchObject({ physical: '0x9800000', pageSize: 2097152, structPageOf: 0 });
    const lost = structpage('translate', SAMPLE, '0x620000000000', '--json');
    expect(lost.code).toBe(3);
    expect(JSON.parse(lost.out)).toMatchObject({ physical: null, fault: 'not-mapped' });
  });
});
