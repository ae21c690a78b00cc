import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { x86_64 } from '../../src/arch/x86_64.ts';
import type { DataModel } from '../../src/core/data-model.ts';
import { DEFAULT_COLUMNS } from '../../src/decode/columns/registry.ts';
import { Decoder } from '../../src/decode/decode.ts';
import { SlabCaches } from '../../src/decode/slab-caches.ts';
import { cellTexts, type Inspector, openMemory } from '../../src/index.ts';
import { memoryOf, recordOffset, recordSize, widenRecords } from '../../src/layout/record.ts';
import { PageReader } from '../../src/memmap/page-reader.ts';
import { AddressSpace } from '../../src/translate/address-space.ts';
import { PageWalker } from '../../src/translate/page-walk.ts';

const SAMPLE = fileURLToPath(new URL('../../examples/sample.elf.gz', import.meta.url));
const BIG: DataModel = { ...x86_64, littleEndian: false };
const NARROW: DataModel = { ...x86_64, wordBytes: 4 };

describe('members of a record', () => {
  test('big endian: each member keeps its word, and is counted from the other end of it', () => {
    expect(recordSize(64, BIG)).toBe(64);
    for (const [offset, size, place] of [
      [0, 8, 0],
      [8, 16, 8],
      [48, 4, 52],
      [52, 4, 48],
      [80, 1, 87],
      [81, 1, 86],
      [12, 2, 10],
    ] as const) {
      expect(recordOffset(offset, size, BIG)).toBe(place);
    }
  });

  test('32 bits: each word becomes the low half of a wider one', () => {
    expect(recordSize(36, NARROW)).toBe(72);
    for (const [offset, size, place] of [
      [0, 4, 0],
      [4, 8, 8],
      [24, 4, 48],
      [33, 1, 65],
      [34, 2, 66],
    ] as const) {
      expect(recordOffset(offset, size, NARROW)).toBe(place);
    }
    const records = new Uint8Array(16);
    widenRecords(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 0xff), records, true);
    expect([...records]).toEqual([1, 2, 3, 4, 0, 0, 0, 0, 5, 6, 7, 0xff, 0, 0, 0, 0]);
    expect([...memoryOf(records, NARROW)]).toEqual([1, 2, 3, 4, 5, 6, 7, 0xff]);
  });

  test('what lies in memory is had back from records', () => {
    const memory = Uint8Array.from({ length: 64 }, (_, i) => i);
    expect(memoryOf(memoryOf(memory, BIG), BIG)).toEqual(memory);
    expect(memoryOf(memory, BIG)[0]).toBe(7);
  });
});

/** The same struct pages with the bytes of each word the other way round, as a big-endian kernel would have them. */
function swapped({ kernel, model, layout }: Inspector): PageReader {
  const { walker, memory } = kernel.space;
  const whole = new PageReader(kernel.space, model);
  const { start } = model.present[0]!;
  const { end } = model.present.at(-1)!;
  const array = whole.read(start, end - start);
  const bytes = Buffer.from(array.bytes).swap64();
  const first = model.addressOf(start)!;
  const architecture = { ...walker.tables.architecture, littleEndian: false };
  const space = new AddressSpace(memory, new PageWalker(memory, { ...walker.tables, architecture }), {
    segments: [],
    readInto(address, target) {
      const offset = Number(address - first);
      if (offset < 0 || offset >= bytes.length) return 0;
      const part = bytes.subarray(offset, offset + target.length);
      target.set(part);
      return part.length;
    },
  });
  expect(space.model.littleEndian).toBe(false);
  expect(layout.size).toBe(64);
  return new PageReader(space, model, 0);
}

test('one page array in both byte orders gives the same rows', async () => {
  const inspector = await openMemory(SAMPLE);
  const { layout, model, kernel, types } = inspector;
  const plain = DEFAULT_COLUMNS;
  const rows = (reader: PageReader): string[] => {
    // names of caches are not part of the page array
    const caches = new SlabCaches(kernel.space, types.place('kmem_cache', 'name')?.offset);
    const decoder = new Decoder(layout, reader, caches, plain);
    const out: string[] = [];
    for (const range of model.present) {
      for (let start = range.start; start < range.end; start += 16384) {
        decoder.read(start, Math.min(16384, range.end - start));
        const batch = decoder.batch();
        const cells = cellTexts(batch, plain);
        for (let i = 0; i < batch.count; i++) out.push(cells.map((cell) => cell(i)).join(','));
      }
    }
    return out;
  };
  const little = rows(new PageReader(kernel.space, model));
  const big = rows(swapped(inspector));
  inspector.close();
  expect(little.length).toBeGreaterThan(60000);
  expect(big).toEqual(little);
});
