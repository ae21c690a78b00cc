import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  bytesSource,
  type Comparison,
  changedPages,
  compareStops,
  type Inspector,
  noCounts,
  openMemory,
  stopOfDump,
} from '../../src/index.ts';
import { PagesOfCapture } from '../builders/struct-pages.ts';
import { SAMPLE } from '../cli/run.ts';

const fixture = (name: string): string => new URL(`../fixtures/${name}.elf.gz`, import.meta.url).pathname;

let sample: PagesOfCapture;
/** Single anonymous pages, each in a folio of its own. */
let anon: number[];
let slabOf: (cache: string) => number;
beforeAll(async () => {
  sample = await PagesOfCapture.read(SAMPLE);
  anon = sample.pfns('mapping_kind == anon && order == 0 && zone == DMA32');
  slabOf = (cache) => sample.pfns(`slab_cache == '${cache}' && order == 0 && zone == DMA32`)[0]!;
});
afterAll(() => sample.close());

/** Compares captures in memory. */
async function compare<T>(
  files: readonly Uint8Array[],
  use: (stops: ReturnType<typeof stopOfDump>[]) => Promise<T>,
): Promise<T> {
  const opened: Inspector[] = [];
  try {
    for (const bytes of files) opened.push(await openMemory(bytesSource(bytes, 'capture')));
    return await use(opened.map((inspector, i) => stopOfDump(`dump ${i + 1}`, inspector, noCounts())));
  } finally {
    for (const inspector of opened) inspector.close();
  }
}

const compared = (...files: readonly Uint8Array[]): Promise<Comparison> =>
  compare(files, (stops) => compareStops(stops));

describe('captures of one boot', () => {
  test('that are equal: nothing went anywhere, grew, or is suspected', async () => {
    const { flows, growth, suspects, relation, measure } = await compared(sample.bytes, sample.bytes);
    expect(relation).toEqual({
      kinship: 'same boot',
      evidence: 'the secret of the slab caches is the same',
    });
    expect(measure).toBe('type');
    expect(flows.filter((f) => f.from !== f.to)).toEqual([]);
    expect(flows.reduce((sum, f) => sum + f.pages, 0)).toBe(65536);
    expect(growth.flatMap((g) => g.parts)).toEqual([]);
    expect(suspects).toEqual([]);
  });

  test('between which anonymous pages became slabs: the flow, the growth and the suspect are exactly these', async () => {
    const leaked = anon.slice(0, 500);
    const after = sample.with([{ from: slabOf('dentry'), to: leaked }]);
    const { flows, growth, suspects } = await compared(sample.bytes, after);
    const before = sample.pfns('slab_cache == dentry').length;
    expect(flows.filter((f) => f.from !== f.to)).toEqual([{ from: 'anon', to: 'slab', pages: 500 }]);
    expect(growth.find((g) => g.by === 'slab_cache')?.parts).toEqual([
      { name: 'dentry', pages: [before, before + 500] },
    ]);
    expect(suspects).toEqual([
      {
        use: 'slab',
        kind: 'slab_cache',
        owner: 'dentry',
        pages: [before, before + 500],
        lost: 0,
        through: before,
        growth: 500,
        kept: 1,
        isMonotonic: true,
        isCache: false,
      },
    ]);
  });

  test('what grew and kept its pages comes before what grew more and changed hands', async () => {
    const [busy, quiet] = [slabOf('kmalloc-64'), slabOf('dentry')];
    const busyPages = sample.pfns("slab_cache == 'kmalloc-64' && order == 0 && zone == DMA32");
    // the busy cache gives up what it has and takes more elsewhere
    const after = sample.with([
      { from: anon[0]!, to: busyPages.slice(0, -1) },
      { from: busyPages.at(-1)!, to: anon.slice(1, 401) },
      { from: quiet, to: anon.slice(401, 701) },
    ]);
    expect(busy).toBe(busyPages[0]);
    const { suspects } = await compared(sample.bytes, after);
    expect(suspects.map((s) => s.owner)).toEqual(['dentry', 'kmalloc-64']);
    expect(suspects[0]!.growth).toBeLessThan(suspects[1]!.growth);
    expect(suspects[1]!.lost).toBe(busyPages.length - 1);
  });

  test('of three, what never shrank comes before what grew more in the end', async () => {
    const [dentry, small] = [slabOf('dentry'), slabOf('kmalloc-64')];
    const second = sample.with([
      { from: dentry, to: anon.slice(0, 100) },
      { from: small, to: anon.slice(300, 900) },
    ]);
    const third = sample.with([
      { from: dentry, to: anon.slice(0, 200) },
      { from: small, to: anon.slice(300, 800) },
    ]);
    const { suspects, growth } = await compared(sample.bytes, second, third);
    expect(suspects.map((s) => [s.owner, s.growth, s.isMonotonic, s.lost])).toEqual([
      ['dentry', 200, true, 0],
      ['kmalloc-64', 500, false, 100],
    ]);
    expect(growth.find((g) => g.by === 'slab_cache')!.parts.map((p) => p.name)).toEqual([
      'kmalloc-64',
      'dentry',
    ]);
  });

  test('rows are the pages that changed, with what they were and became', async () => {
    const to = [anon[3]!, anon[10]!, anon.at(-1)!];
    const after = sample.with([{ from: slabOf('dentry'), to }]);
    const rows = await compare([sample.bytes, after], async (stops) => {
      const found: unknown[][] = [];
      for await (const { batch, rows } of changedPages(stops).rows()) {
        for (const row of rows) {
          found.push(
            ['pfn', 'before', 'after', 'owner_before', 'owner_after', 'changes'].map((name) => {
              const column = batch.columns.get(name)!;
              if (column.kind === 'number') return column.values[row];
              return column.kind === 'name' ? column.names[column.codes[row]!] : undefined;
            }),
          );
        }
      }
      return found;
    });
    expect(rows).toEqual(to.map((pfn) => [pfn, 'anon', 'slab', '', 'dentry', 1]));
  });
});

test('where the kernel stands proves nothing on machines that do not move it at random', async () => {
  const s390x = fixture('s390x-6.12').replace(/\.gz$/, '.zst');
  const opened = [await openMemory(s390x), await openMemory(s390x)];
  const stops = opened.map((inspector, i) => stopOfDump(`dump ${i + 1}`, inspector, noCounts()));
  const { relation, byPage } = await compareStops(stops);
  for (const inspector of opened) inspector.close();
  expect([relation.kinship, byPage]).toEqual(['same boot', true]);
  expect(stops.flatMap(({ identity }) => [...identity.drawn.keys()])).not.toContain(
    'the random address of the kernel',
  );
});

describe('captures that are not of one boot', () => {
  test('another boot of the same kernel is told, and totals are compared', async () => {
    const other = await PagesOfCapture.read(fixture('x86_64-6.12.107-kdump'));
    const found = await compared(sample.bytes, other.bytes);
    other.close();
    expect(found.relation.kinship).toBe('other boot');
    expect(found.relation.evidence).toMatch(/the secret of the slab caches differs/);
    expect(found.byPage).toBe(false);
    expect([found.flows, found.suspects]).toEqual([[], []]);
    expect(found.uses.find((u) => u.name === 'slab')!.pages).toEqual([2905, expect.any(Number)]);
    expect(found.growth.find((g) => g.by === 'slab_cache')!.parts.length).toBeGreaterThan(10);
    await expect(compare([sample.bytes, other.bytes], async (stops) => changedPages(stops))).rejects.toThrow(
      /within one boot/,
    );
  });

  test('another kernel is told', async () => {
    const other = await PagesOfCapture.read(fixture('x86_64-5.10.0-32-cloud'));
    const { relation, byPage } = await compared(sample.bytes, other.bytes);
    other.close();
    expect(relation.kinship).toBe('other machine');
    expect(relation.evidence).toMatch(/release is 6\.12\.107\S+ in dump 1 and 5\.10\S+ in dump 2/);
    expect(byPage).toBe(false);
  });
});
