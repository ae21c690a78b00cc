import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ColumnName, cellTexts, type Inspector, openMemory } from '../../src/index.ts';
import { drgnPages, fixture, GUESTS, zoneSpans } from './oracles.ts';

const COLUMNS: readonly ColumnName[] = [
  'pfn',
  'page',
  'flags_raw',
  'refcount',
  'mapcount_raw',
  'head',
  'order',
  'mapping',
  'slab_cache',
  'node',
  'zone',
];

function rows(inspector: Inspector): string[][] {
  const out: string[][] = [];
  for (const { batch, rows } of inspector.selectSync({ columns: COLUMNS })) {
    const cells = cellTexts(batch, COLUMNS);
    for (const page of rows) out.push(cells.map((cell) => cell(page)));
  }
  return out;
}

describe.each(GUESTS)('$name', ({ name, capture }) => {
  let inspector: Inspector;
  let pages: string[][];

  beforeAll(async () => {
    inspector = await openMemory(capture);
    pages = rows(inspector);
  });
  afterAll(() => inspector.close());

  test('every struct page is as drgn reads it with full debuginfo', () => {
    const oracle = drgnPages(name);
    expect(pages.length).toBe(oracle.length);
    const wrong = oracle.filter((want, i) => {
      const [pfn, page, flags, refcount, mapcount, head, order, mapping, cache] = pages[i]!;
      return (
        pfn !== String(want.pfn) ||
        page !== want.page ||
        flags !== want.flags ||
        refcount !== want.refcount ||
        mapcount !== want.mapcount ||
        head !== String(want.head) ||
        mapping !== want.mapping ||
        (want.cache !== undefined && cache !== want.cache) ||
        // drgn's order of a tail is 0
        (want.order !== undefined && want.pfn === want.head && order !== want.order)
      );
    });
    expect(wrong.slice(0, 3).map((w) => [w, pages[oracle.indexOf(w)]])).toEqual([]);
  });

  test('node and zone are those of the zone that spans the page, by the guest itself', () => {
    const spans = zoneSpans(name);
    expect(spans.length).toBeGreaterThan(0);
    for (const { node, zone, start, end } of spans) {
      const other = pages.slice(start, end).filter((p) => p[9] !== String(node) || p[10] !== zone);
      expect(other.slice(0, 3)).toEqual([]);
    }
  });

  test('its types come from its own BTF', () => {
    expect(inspector.types.confidence).toBe('btf-in-image');
    expect(inspector.warnings).toEqual([]);
  });
});

describe.each(GUESTS.slice(0, 2))('$name beside crash', ({ name, capture }) => {
  test('free blocks by order and zone are those of kmem -f', async () => {
    const inspector = await openMemory(capture);
    const summary = inspector.summary();
    inspector.close();
    for (const want of crashFree(fixture(`${name}.crash-kmem-f.txt.gz`))) {
      const zone = [...summary.zones.values()].find((z) => z.zone === want.zone);
      expect(zone?.freePages).toBe(want.free);
      expect(want.blocks.map((_, order) => Math.round(zone?.freeBlocks[order] ?? 0))).toEqual(want.blocks);
    }
    expect([...summary.zones.values()].reduce((sum, z) => sum + z.freePages, 0)).toBe(
      summary.types.get('buddy'),
    );
  });

  test('slab pages by cache are those of kmem -s', async () => {
    const inspector = await openMemory(capture);
    const summary = inspector.summary();
    inspector.close();
    const crash = crashSlabs(fixture(`${name}.crash-kmem-s.txt.gz`));
    expect(crash.size).toBeGreaterThan(50);
    const different = [...crash].filter(([cache, pages]) => (summary.slabCaches.get(cache) ?? 0) !== pages);
    expect(different).toEqual([]);
    // kmem -i counts more as SLAB: NR_SLAB_UNRECLAIMABLE has kmalloc's large allocations too, which are no slabs
    const said = Number(/SLAB +(\d+)/.exec(fixture(`${name}.crash-kmem-i.txt.gz`))![1]);
    const slab = summary.types.get('slab')!;
    expect(slab).toBeLessThanOrEqual(said);
    expect(said - slab).toBeLessThan(said / 5);
  });
});

/** Free pages and blocks of each order, by zone, from crash's `kmem -f`. */
function crashFree(text: string): { zone: string; free: number; blocks: number[] }[] {
  const zones: { zone: string; free: number; blocks: number[] }[] = [];
  for (const line of text.split('\n')) {
    const zone = /^ +\d+ +([A-Z]\w+) +\d+ +(\d+) /.exec(line);
    if (zone) zones.push({ zone: zone[1]!, free: Number(zone[2]), blocks: [] });
    const area = /^ +(\d+) +\d+k +[0-9a-f]+ +(\d+) +\d+$/.exec(line);
    const last = zones.at(-1);
    if (area && last) last.blocks[Number(area[1])] = (last.blocks[Number(area[1])] ?? 0) + Number(area[2]);
  }
  return zones.filter((z) => z.blocks.length > 0);
}

/** Slab pages of each cache: slabs times their size, from crash's `kmem -s`. */
function crashSlabs(text: string): Map<string, number> {
  const caches = new Map<string, number>();
  for (const line of text.split('\n')) {
    const match = /^[0-9a-f]+ +\d+ +\d+ +\d+ +(\d+) +(\d+)k +(\S+)$/.exec(line);
    if (match) caches.set(match[3]!, (Number(match[1]) * Number(match[2])) / 4);
  }
  return caches;
}
