import { type Pfn, type VirtAddr, word } from '../../core/address.ts';
import type { DataModel } from '../../core/data-model.ts';
import { LayoutError } from '../../core/errors.ts';
import type { Range } from '../../core/ranges.ts';
import type { PageLayout } from '../../layout/page-layout.ts';
import { recordOffset } from '../../layout/record.ts';
import type { Place } from '../../layout/type-facts.ts';
import { BATCH_PAGES } from '../../memmap/batches.ts';
import type { PageReader } from '../../memmap/page-reader.ts';
import type { Objects } from '../objects.ts';

/** A slab, from its struct page (struct slab, in struct page until 5.16). */
export interface SlabPage {
  readonly pfn: Pfn;
  /** The address of its kmem_cache. */
  readonly cache: VirtAddr;
  /** Number of objects in use, including a CPU's free ones, and of all objects. */
  readonly inuse: number;
  readonly objects: number;
}

/** The slabs that start in some pages, or in any page of the array, by ascending pfn. */
export function* slabPages(
  objects: Objects,
  layout: PageLayout,
  reader: PageReader,
  pfns: readonly Range[] = reader.model.present,
): Generator<SlabPage> {
  const struct = objects.find('slab')?.has('inuse') ? objects.struct('slab') : objects.struct('page');
  if (layout.offsets.slabCache === undefined) {
    throw new LayoutError('slab.slab_cache', `${objects.types.origin} has no such member`);
  }
  const model = objects.kernel.architecture;
  const inuse = bitsOf(struct.place('inuse'), model);
  const count = bitsOf(struct.place('objects'), model);
  const size = layout.size / 4;
  const isSlab = slabTest(layout);
  const compoundAt = layout.offsets.compound / 4;
  const cacheAt = layout.offsets.slabCache / 4;
  const most = Math.max(0, ...pfns.map((r) => r.end - r.start));
  const buffer = reader.buffer(Math.min(BATCH_PAGES, most));
  for (const { start, end } of pfns) {
    for (let at = start; at < end; at += BATCH_PAGES) {
      const pages = Math.min(BATCH_PAGES, end - at);
      const raw = reader.read(at, pages, buffer.subarray(0, pages * reader.recordSize));
      const words = new Uint32Array(raw.bytes.buffer, raw.bytes.byteOffset, pages * size);
      for (let i = 0; i < pages; i++) {
        const from = i * size;
        // in some kernels the word that tells a tail is the cache of a slab; neither is odd in a head
        if (!isSlab(words, from) || raw.states[i] !== 0 || (words[from + compoundAt]! & 1) === 1) continue;
        yield {
          pfn: at + i,
          cache: word(words[from + cacheAt]!, words[from + cacheAt + 1]!),
          inuse: inuse(words, from),
          objects: count(words, from),
        };
      }
    }
  }
}

/** Makes the test for slabs on the words of a struct page. */
function slabTest({ flags, offsets, types }: PageLayout): (words: Uint32Array, from: number) => boolean {
  const bit = flags.bits.get('slab');
  const flagsAt = offsets.flags / 4;
  if (bit !== undefined) return (words, from) => ((words[from + flagsAt]! >>> bit) & 1) === 1;
  const value = types.values.find((t) => t.name === 'slab')?.value;
  const typeAt = offsets.mapcount / 4;
  if (value === undefined) return () => false;
  if (types.encoding === 'byte') return (words, from) => words[from + typeAt]! >>> 24 === value;
  const base = types.encoding === 'inverted' ? types.base : 0;
  return (words, from) => ((words[from + typeAt]! & (base | value)) | 0) === (base | 0);
}

/** Reads a small bit field from the words of a record. */
function bitsOf(
  { offset, bits, size }: Place,
  model: DataModel,
): (words: Uint32Array, from: number) => number {
  const start = recordOffset(offset, size, model);
  const shift = (bits?.shift ?? 0) + (start % 4) * 8;
  const width = bits?.width ?? size * 8;
  const at = (start >> 2) + (shift >> 5);
  return (words, from) => (words[from + at]! >>> (shift & 31)) & (2 ** width - 1);
}
