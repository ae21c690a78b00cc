import { describe, expect, test } from 'vitest';
import { COLUMNS } from '../../src/decode/columns/registry.ts';
import { Decoder } from '../../src/decode/decode.ts';
import { csv } from '../../src/export/csv.ts';
import type { PageLayout } from '../../src/layout/page-layout.ts';
import { RowEncoder } from '../../src/scan/row-encoder.ts';
import { emptySummary, SummaryCounter } from '../../src/views/summary.ts';
import { KERNELS, layoutOf } from '../decode/layouts.ts';
import { differences } from './batch-differences.ts';
import { DecoderTwin } from './decode-twin.ts';
import { RowEncoderTwin } from './encode-twin.ts';
import { plainSummary } from './plain-summary.ts';
import { RandomPages } from './random-pages.ts';
import { styleOf } from './style-of.ts';
import { addToSummary } from './summary-twin.ts';

const NAMES = COLUMNS.filter((c) => c.needs !== 'kpage' && !c.needsMap).map((c) => c.name);
/** Kernels differ in sizeof(struct page): by debugging options, by word size, by what an architecture adds. */
const SIZES = [32, 40, 48, 56, 72, 80, 96, 128];

/** The layout of a kernel whose struct page has another size: members move closer together, or to its end. */
function resized(layout: PageLayout, size: number): PageLayout {
  const far = size > 64;
  const word = far ? size - 16 : 16;
  const offsets = {
    ...layout.offsets,
    flags: 0,
    compound: 8,
    lru: 8,
    mapping: word,
    index: 8,
    private: far ? 40 : 16,
    mapcount: far ? 32 : 24,
    refcount: far ? size - 20 : 28,
    ...(layout.offsets.slabCache === undefined ? {} : { slabCache: far ? size - 8 : 8 }),
    ...(layout.offsets.memcg === undefined ? {} : { memcg: size - 8 }),
  };
  const order =
    layout.order.kind === 'byte'
      ? { ...layout.order, offset: size + (layout.order.offset % 8) }
      : layout.order;
  const hugetlb = layout.hugetlb.kind === 'dtor' ? { ...layout.hugetlb, offset: size + 4 } : layout.hugetlb;
  // on s390x memory is mapped at its own address, so that only small numbers are no pointers
  const pointers = size % 16 === 0 ? layout.pointers : { from: 0x1000n, to: 2n ** 53n - 1n };
  // counts of folios lie in page[1] and page[2], far enough from what else is read of them
  const counts = Object.entries(layout.folio).map(([name, at]) => [
    name,
    at === undefined ? undefined : Math.floor(at / layout.size) * size + Math.min(at % layout.size, size - 4),
  ]);
  const folio: PageLayout['folio'] = Object.fromEntries(counts);
  return { ...layout, size, offsets, order, hugetlb, pointers, folio };
}

describe.each(SIZES)('struct pages of %i bytes', (size) => {
  test.each(Object.values(KERNELS))('of %s are decoded, counted and written as by the twins', (file) => {
    for (let seed = 1; seed <= 4; seed++) {
      const vmemmap = seed % 2 === 0;
      const layout = resized(layoutOf(file, '', vmemmap), size);
      const pages = new RandomPages(layout, 1000, seed, vmemmap);
      if (seed > 2) pages.states.fill(0);
      const decoder = new Decoder(layout, pages.reader, pages.caches, NAMES);
      const twin = new DecoderTwin(layout, pages.reader, pages.caches);
      const encoder = new RowEncoder(decoder, NAMES, styleOf(csv, NAMES));
      const encoderTwin = new RowEncoderTwin(NAMES, styleOf(csv, NAMES));
      const counter = new SummaryCounter(decoder);
      const counts = emptySummary();
      for (const [start, count] of [
        [0, 510],
        [512, 488],
      ] as const) {
        decoder.read(start, count);
        const raw = pages.batch(start, count);
        expect(differences(decoder.batch(), twin.decode(raw, NAMES), raw, NAMES)).toEqual([]);

        const readable = Uint32Array.from({ length: count }, (_, i) => i).filter((i) => raw.states[i] === 0);
        const at = decoder.pages.loops.allocate(count * 4);
        decoder.pages.loops.words(at, readable.length).set(readable);
        const rows = { at: readable.length === count ? 0 : at, first: 0, count: readable.length };
        const text = (chunks: Iterable<Uint8Array>): string =>
          Buffer.concat([...chunks].map((chunk) => chunk.slice())).toString();
        expect(text(encoder.encode(rows))).toBe(text(encoderTwin.encode(decoder.batch(), readable)));

        decoder.read(start, count);
        counter.add(rows);
        const isTail = (i: number): boolean => (raw.bytes[i * size + layout.offsets.compound]! & 1) === 1;
        addToSummary(counts, decoder.batch(), readable, isTail);
      }
      expect(plainSummary(counter.summary()), `seed ${seed}`).toEqual(plainSummary(counts));
    }
  });
});
