import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  bytesSource,
  type Inspector,
  type MapReport,
  noCounts,
  openMemory,
  writeMapPng,
} from '../../src/index.ts';
import { curveFor } from '../../src/map/curve.ts';
import { PagesOfCapture } from '../builders/struct-pages.ts';
import { SAMPLE } from '../cli/run.ts';
import { decodePng } from './decode-png.ts';

const SIZE = { theme: 'light', size: 2048, scale: 1, outline: false } as const;

let sample: PagesOfCapture;
beforeAll(async () => {
  sample = await PagesOfCapture.read(SAMPLE);
});
afterAll(() => sample.close());

/** The map of where two captures differ. */
async function difference(
  a: Uint8Array,
  b: Uint8Array,
): Promise<{ report: MapReport; colours: readonly number[] }> {
  const opened: Inspector[] = [];
  try {
    for (const bytes of [a, b]) opened.push(await openMemory(bytesSource(bytes, 'capture')));
    const [one, other] = opened as [Inspector, Inspector];
    const parts: Uint8Array[] = [];
    const options = { by: 'type', curve: 'rows', title: '', trouble: () => {}, other, ...SIZE } as const;
    const report = await writeMapPng(
      one,
      options,
      async (data) => void parts.push(Buffer.from(data)),
      noCounts(),
    );
    return { report, colours: decodePng(Buffer.concat(parts)).colours };
  } finally {
    for (const inspector of opened) inspector.close();
  }
}

describe('the map of a difference', () => {
  test('shows exactly the pages that changed, with what they were and are', async () => {
    const anon = sample.pfns('mapping_kind == anon && order == 0 && zone == DMA32').slice(0, 300);
    const [slab] = sample.pfns("slab_cache == 'dentry' && order == 0 && zone == DMA32");
    const { report, colours } = await difference(sample.bytes, sample.with([{ from: slab!, to: anon }]));
    expect(report.legend).toEqual([
      { label: 'same', pages: 65236 },
      { label: 'anon → slab', pages: 300 },
    ]);
    const { place } = curveFor('rows', 65536);
    const same = colours[place(0)];
    const changed = Array.from({ length: 65536 }, (_, pfn) => pfn).filter(
      (pfn) => colours[place(pfn)] !== same,
    );
    expect(changed).toEqual(anon);
    expect(report.notes).toEqual([]);
  });

  test('is refused for different kernels', async () => {
    const other = await openMemory(new URL('../fixtures/x86_64-hvo-6.1.elf.gz', import.meta.url).pathname);
    const one = await openMemory(SAMPLE);
    try {
      const options = { by: 'type', curve: 'rows', title: '', trouble: () => {}, other, ...SIZE } as const;
      await expect(writeMapPng(one, options, async () => {}, noCounts())).rejects.toThrow(
        'the dumps are not of one machine: their kernels are 6.12',
      );
    } finally {
      one.close();
      other.close();
    }
  });
});
