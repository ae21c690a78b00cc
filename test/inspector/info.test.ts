import { describe, expect, test } from 'vitest';
import { bytesSource, describe as describeImage, type Info, openMemory } from '../../src/index.ts';
import { elfOf, memoryOf, without } from '../builders/memory-parts.ts';
import { SAMPLE, structpage } from '../cli/run.ts';

const fact = (info: Info, label: string): string | undefined =>
  info.facts.find((f) => f.label === label)?.value;
const feature = (info: Info, name: string): Info['features'][number] | undefined =>
  info.features.find((f) => f.feature.includes(name));

/** The sample with some of its memory left out by a filter. */
async function filtered(hole: (info: Info) => { start: number; end: number }): Promise<Info> {
  const whole = await openMemory(SAMPLE);
  const { start, end } = hole(describeImage(whole));
  whole.close();
  const { parts, vmcoreinfo } = await memoryOf(SAMPLE);
  const bytes = elfOf(without(parts, start, end), vmcoreinfo, { start, end });
  const inspector = await openMemory(bytesSource(bytes, 'filtered'));
  const info = describeImage(inspector);
  inspector.close();
  return info;
}

describe('a capture', () => {
  test('says that nothing but the page array is in it, and what works for all that', async () => {
    const inspector = await openMemory(SAMPLE);
    const info = describeImage(inspector);
    const { types } = inspector.summary();
    inspector.close();
    expect(fact(info, 'contents')).toMatch(/^the page array and the data that leads to it/);
    expect(fact(info, 'left out')).toMatch(/^100 % of free pages, 100 % of user pages, 100 % of page cache/);
    // the same pages as another way of counting finds
    const kinds = new Map(info.contents?.kinds.map(({ kind, frames }) => [kind, frames]));
    const sum = (kind: string): number => Object.values(kinds.get(kind) ?? {}).reduce((a, b) => a + b, 0);
    expect(sum('free pages')).toBe(types.get('buddy'));
    expect(sum('slabs')).toBe(types.get('slab'));
    expect(sum('page tables')).toBe(types.get('table'));
    expect(sum('page cache')).toBe(types.get('file'));
    expect(sum('user pages')).toBe(
      (types.get('anon') ?? 0) + (types.get('ksm') ?? 0) + (types.get('hugetlb') ?? 0),
    );
    expect(sum('reserved pages')).toBe(types.get('reserved'));
    expect([...kinds.keys()].reduce((total, kind) => total + sum(kind), 0)).toBe(65536);
    expect(kinds.get('free pages')).toEqual({ excluded: types.get('buddy') });
    expect(feature(info, 'all columns')).toMatchObject({ works: 'yes' });
    expect(feature(info, 'slab caches')).toMatchObject({ works: 'yes' });
    expect(feature(info, 'translate')).toMatchObject({ works: 'partly' });
    expect(feature(info, 'translate')?.evidence).toMatch(/excluded at pmd/);
  });

  test('is told on the command line, too', () => {
    const { code, out } = structpage('info', SAMPLE);
    expect(code).toBe(0);
    expect(out).toMatch(/\nsearch for the kernel\n {2}VMCOREINFO +VMCOREINFO note: /);
    expect(out).toMatch(
      /\ncontents of the dump by page type\n +present +excluded +hole\n {2}free pages +0 +11495 +0\n/,
    );
    expect(out).toMatch(/\nfeatures tried on this dump\n {2}all columns.* yes +65536 of 65536 struct pages/);
    const json = JSON.parse(structpage('info', '--json', SAMPLE).out);
    expect(json.contents.kinds[0]).toEqual({ kind: 'free pages', frames: { excluded: 11495 } });
    expect(json.features[0].works).toBe('yes');
    expect(json.search[0].what).toBe('VMCOREINFO');
    expect(json).toMatchObject({
      release: '6.12.107+deb13-cloud-amd64',
      pageSize: 4096,
      kaslrOffset: '0x38e00000',
      memoryModel: { kind: 'SPARSEMEM_VMEMMAP', vmemmapBase: '0xffe490aa00000000' },
      structPage: { size: 64, fields: { zone: { shift: 51, width: 3 } }, members: { index: 'page.index' } },
      pfns: [{ first: 0, last: 65535 }],
    });
  });
});

describe('a filtered dump', () => {
  test('without a part of the page array', async () => {
    const info = await filtered(({ pageArray }) => ({
      start: pageArray[0]!.physical! + 6400 * 64,
      end: pageArray[0]!.physical! + 12800 * 64,
    }));
    expect(fact(info, 'format')).toBe('ELF core (filtered, as by makedumpfile -E)');
    expect(fact(info, 'dump level')).toBe('an ELF core records none');
    expect(feature(info, 'all columns')).toMatchObject({ works: 'partly' });
    expect(feature(info, 'all columns')?.evidence).toMatch(
      /^59136 of 65536 struct pages are in the dump; the others/,
    );
    const unknown = info.contents?.kinds.find((k) => k.kind === 'not known');
    expect(Object.values(unknown?.frames ?? {}).reduce((a, b) => a + b, 0)).toBe(6400);
  });

  test('without slabs, where the names of the caches are', async () => {
    const whole = await openMemory(SAMPLE);
    let first = Number.POSITIVE_INFINITY;
    let last = 0;
    // a struct kmem_cache lies in a slab of the cache of that name
    for (const { batch, rows } of whole.selectSync({
      columns: ['pfn'],
      where: "slab_cache == 'kmem_cache'",
    })) {
      for (const row of rows) {
        first = Math.min(first, batch.start + row);
        last = Math.max(last, batch.start + row);
      }
    }
    whole.close();
    expect(last).toBeGreaterThan(0);
    const info = await filtered(() => ({ start: first * 4096, end: (last + 1) * 4096 }));
    expect(feature(info, 'slab caches')?.works).not.toBe('yes');
    expect(feature(info, 'all columns')?.works).toBe('yes');
  });
});
