import { describe, expect, test } from 'vitest';
import { COLUMNS, type ColumnName } from '../../src/decode/columns/registry.ts';
import { Decoder } from '../../src/decode/decode.ts';
import { csv } from '../../src/export/csv.ts';
import { json, ndjson } from '../../src/export/json.ts';
import { RowEncoder } from '../../src/scan/row-encoder.ts';
import type { RowStyle } from '../../src/table/row-style.ts';
import { KERNELS, layoutOf } from '../decode/layouts.ts';
import { RowEncoderTwin } from './encode-twin.ts';
import { Random, RandomPages } from './random-pages.ts';
import { styleOf } from './style-of.ts';

const NAMES = COLUMNS.filter((c) => c.needs !== 'kpage' && !c.needsMap).map((c) => c.name);
const FORMATS: readonly [string, (columns: readonly ColumnName[]) => RowStyle][] = [csv, ndjson, json].map(
  (exporter) => [exporter.name, (columns) => styleOf(exporter, columns)],
);
const DECIMAL: typeof FORMATS = [
  ['csv with decimal words', (columns) => styleOf(csv, columns, { words: 'decimal' })],
];

/** Both texts of some rows of the batch that the decoder holds. */
function both(
  decoder: Decoder,
  encoder: RowEncoder,
  twin: RowEncoderTwin,
  rows: Uint32Array,
): { ours: string; theirs: string } {
  const { loops } = decoder.pages;
  const at = loops.allocate(rows.length * 4 + 8);
  loops.words(at, rows.length).set(rows);
  const text = (chunks: Iterable<Uint8Array>): string =>
    Buffer.concat([...chunks].map((c) => c.slice())).toString();
  const copies = function* (chunks: Iterable<Uint8Array>): Generator<Uint8Array> {
    for (const chunk of chunks) yield chunk.slice();
  };
  return {
    ours: text(copies(encoder.encode({ at, first: 0, count: rows.length }))),
    theirs: text(copies(twin.encode(decoder.batch(), rows))),
  };
}

describe.each([...FORMATS, ...DECIMAL])('%s', (_name, formatOf) => {
  test.each(Object.values(KERNELS))('of random pages of %s is what the twin writes', (file) => {
    const layout = layoutOf(file);
    for (let seed = 1; seed <= 10; seed++) {
      const random = new Random(seed);
      const pages = new RandomPages(layout, 700, seed, seed % 3 > 0);
      const columns = seed < 3 ? NAMES : NAMES.filter(() => random.below(2) === 0);
      if (columns.length === 0) columns.push('pfn');
      const decoder = new Decoder(layout, pages.reader, pages.caches, columns);
      const encoder = new RowEncoder(decoder, columns, formatOf(columns));
      const twin = new RowEncoderTwin(columns, formatOf(columns));
      for (const start of [0, 350]) {
        decoder.read(start, 350);
        const rows = Uint32Array.from({ length: 350 }, (_, i) => i).filter(() => random.below(3) > 0);
        const { ours, theirs } = both(decoder, encoder, twin, rows);
        expect(ours === theirs, firstDifference(ours, theirs)).toBe(true);
      }
    }
  });
});

function firstDifference(ours: string, theirs: string): string {
  const [a, b] = [ours.split('\n'), theirs.split('\n')];
  const line = a.findIndex((l, i) => l !== b[i]);
  return `${a[line]} is not ${b[line]}`;
}

test('numbers at the edges of their digits', () => {
  const layout = layoutOf(KERNELS['6.12']);
  const values = [0n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n];
  for (let power = 1n; power < 2n ** 64n; power *= 10n) values.push(power - 1n, power, power + 1n);
  for (let power = 1n; power < 2n ** 64n; power *= 16n) values.push(power - 1n, power, power + 1n);
  const pages = new RandomPages(layout, values.length, 1);
  const view = new DataView(pages.bytes.buffer);
  pages.states.fill(0);
  for (const [i, value] of values.entries()) {
    view.setBigUint64(i * 64 + layout.offsets.private, value, true);
    view.setInt32(i * 64 + layout.offsets.refcount, Number(BigInt.asIntN(32, value)), true);
  }
  const columns: ColumnName[] = ['private', 'refcount'];
  const decoder = new Decoder(layout, pages.reader, pages.caches, columns);
  decoder.read(0, values.length);
  const encoder = new RowEncoder(decoder, columns, styleOf(csv, columns));
  const rows = decoder.pages.loops.allocate(values.length * 4);
  decoder.pages.loops.words(rows, values.length).set(Uint32Array.from(values.keys()));
  const text = [...encoder.encode({ at: rows, first: 0, count: values.length })]
    .map((c) => Buffer.from(c).toString())
    .join('');
  expect(text.trimEnd().split('\n')).toEqual(
    values.map((v) => `0x${v.toString(16)},${BigInt.asIntN(32, v)}`),
  );
});

test('pfns of machines with petabytes', () => {
  const layout = layoutOf(KERNELS['6.12']);
  const pages = new RandomPages(layout, 64, 1);
  const columns: ColumnName[] = ['pfn', 'phys', 'section'];
  const decoder = new Decoder(layout, pages.reader, pages.caches, columns);
  const encoder = new RowEncoder(decoder, columns, styleOf(csv, columns));
  const rows = decoder.pages.loops.allocate(8);
  for (const start of [99_999_999, 2 ** 32 - 1, 10 ** 10, 2 ** 40 - 64]) {
    const states = new Uint8Array(1);
    decoder.decode({ start, count: 1, bytes: pages.bytes.slice(0, 64), states, readable: 1 });
    const [chunk] = encoder.encode({ at: rows, first: 0, count: 1 });
    const address = BigInt(start) << 12n;
    expect(Buffer.from(chunk!).toString()).toBe(
      `${start},0x${address.toString(16)},${Math.floor(start / decoder.model.pagesPerSection)}\n`,
    );
  }
});

test('more sets of flags than there is room for, and long names', () => {
  const layout = layoutOf(KERNELS['6.12']);
  const pages = new RandomPages(layout, 32000, 5);
  pages.states.fill(0);
  const view = new DataView(pages.bytes.buffer);
  for (let pfn = 0; pfn < pages.count; pfn++) {
    const set = Math.imul(pfn, 0x9e3779b1) & 0x3fffff & ~(1 << layout.flags.bits.get('head')!);
    view.setUint32(pfn * 64 + layout.offsets.flags, set, true);
  }
  for (let i = 0; i < 300; i++) {
    pages.caches.code(i * 64, 0xffff8880);
    (pages.caches.names as string[])[i + 1] = `"${'ä,'.repeat(i)}"\n`;
  }
  const columns: ColumnName[] = ['flags', 'slab_cache', 'pfn'];
  for (const [, formatOf] of FORMATS) {
    const decoder = new Decoder(layout, pages.reader, pages.caches, columns);
    const encoder = new RowEncoder(decoder, columns, formatOf(columns));
    const twin = new RowEncoderTwin(columns, formatOf(columns));
    const texts = new Set<string>();
    for (const start of [0, 8000, 16000, 24000]) {
      decoder.read(start, 8000);
      const { ours, theirs } = both(
        decoder,
        encoder,
        twin,
        Uint32Array.from({ length: 8000 }, (_, i) => i),
      );
      expect(ours === theirs, firstDifference(ours, theirs)).toBe(true);
      for (const set of ours.matchAll(/[a-z_0-9]+(\|[a-z_0-9]+)+/g)) texts.add(set[0]);
    }
    expect([...texts].reduce((sum, t) => sum + t.length, 0)).toBeGreaterThan(1 << 20);
  }
});
