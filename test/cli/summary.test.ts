import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { SAMPLE, structpage } from './run.ts';

const ZONEINFO = new URL('../fixtures/x86_64-6.12.107-cloud.zoneinfo', import.meta.url);

interface Sized {
  pages: number;
  bytes: number;
}
const json = (...args: string[]) => JSON.parse(structpage('summary', SAMPLE, '--json', ...args).out);
const sum = (of: Record<string, Sized>): number => Object.values(of).reduce((n, { pages }) => n + pages, 0);

describe('RAM', () => {
  test('is what /proc/zoneinfo of that machine said', () => {
    const text = readFileSync(ZONEINFO, 'utf8');
    const total = (field: string): number =>
      [...text.matchAll(new RegExp(`^ +${field} +(\\d+)$`, 'gm'))].reduce((n, [, v]) => n + Number(v), 0);
    const { ram, types, pages } = json();
    expect([ram.present.pages, ram.managed.pages]).toEqual([total('present'), total('managed')]);
    expect(ram.holes.pages).toBe(pages - ram.present.pages);
    expect(sum(types)).toBe(ram.present.pages);
    // of this kernel, no page that the allocator was given is reserved
    expect(types.reserved.pages).toBe(ram.present.pages - ram.managed.pages);
    expect(types.buddy.bytes).toBe(types.buddy.pages * 4096);
  });

  test('is left out of a summary of some pages', () => {
    const { ram, types, pages } = json('--pfn', '0-9999');
    expect([ram, pages, sum(types)]).toEqual([null, 10000, 10000]);
  });
});

describe('classes', () => {
  test('are counted if they are asked for: each page that is no hole has one', () => {
    const { code, err } = structpage('summary', SAMPLE, '--classes');
    expect(code).toBe(3);
    expect(err).toMatch(/cannot follow the vmalloc areas to the end/);
    const { classes, types, pages } = json('--classes');
    expect(classes.free_buddy).toEqual(types.buddy);
    const holes = structpage('dump', SAMPLE, '--where', 'class == hole', '--format', 'csv').out;
    expect(sum(classes)).toBe(pages - (holes.trim().split('\n').length - 1));
  });

  test('are not counted in a capture unless they are asked for, nor for some pages', () => {
    expect(json().classes).toBe(null);
    expect(json('--no-classes').classes).toBe(null);
    const { code, err } = structpage('summary', SAMPLE, '--classes', '--pfn', '0-99');
    expect([code, err]).toEqual([
      2,
      'structpage: --classes counts all pages; for some of them use --group-by class\n',
    ]);
  });
});

test('--top shows the largest entries and the sum of the others', () => {
  const { out } = structpage('summary', SAMPLE, '--top', '2');
  expect(out).toContain(`by type (share of RAM)
  buddy     11495  44.9 MiB  28.2 %
  reserved  11132  43.5 MiB  27.3 %
  (7 more)  18202  71.1 MiB  44.6 %
`);
});

describe('--group-by', () => {
  test('counts what a dump of the rows has', () => {
    const rows = structpage(
      ...['dump', SAMPLE, '--format', 'csv', '--columns', 'zone,type,slab_cache', '--where', 'order >= 1'],
    )
      .out.trimEnd()
      .split('\n')
      .slice(1);
    const want = new Map<string, number>();
    for (const row of rows) want.set(row, (want.get(row) ?? 0) + 1);
    const groups: (Record<string, string | null> & Sized)[] = json(
      ...['--group-by', 'zone,type,slab_cache', '--where', 'order >= 1'],
    );
    const got = groups.map((g) => [`${g.zone},${g.type ?? ''},${g.slab_cache ?? ''}`, g.pages] as const);
    expect(got.length).toBeGreaterThan(20);
    expect(new Map(got)).toEqual(want);
    expect(groups.map((g) => g.pages)).toEqual(groups.map((g) => g.pages).sort((a, b) => b - a));
  });

  test('prints a table', () => {
    const { out } = structpage('summary', SAMPLE, '--group-by', 'node,zone,type', '--top', '2');
    expect(out).toBe(`node      zone   type   pages       size   share
0         DMA32  -      46639  182.2 MiB  71.2 %
0         DMA32  buddy   7687   30.0 MiB  11.7 %
(5 more)                11210   43.8 MiB  17.1 %
`);
  });

  test('refuses a column that does not exist', () => {
    expect(structpage('summary', SAMPLE, '--group-by', 'colour')).toMatchObject({ code: 2, out: '' });
  });
});
