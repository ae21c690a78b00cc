import { expect, test } from 'vitest';
import { COLUMNS } from '../../src/decode/columns/registry.ts';
import { Decoder } from '../../src/decode/decode.ts';
import type { Lane } from '../../src/decode/lanes.ts';
import { csv } from '../../src/export/csv.ts';
import { RowEncoder } from '../../src/scan/row-encoder.ts';
import { Filter } from '../../src/views/expression/filter.ts';
import { parseExpression } from '../../src/views/expression/parse.ts';
import { KERNELS, layoutOf } from '../decode/layouts.ts';
import { RandomPages } from './random-pages.ts';
import { styleOf } from './style-of.ts';

const COUNT = 3000;

/** A decoder whose slab caches have codes of 32 bits, of which more and more are in use. */
function decoderOf(names: string[]): { decoder: Decoder; read: (codeOf: (page: number) => number) => void } {
  const layout = layoutOf(KERNELS['6.12']);
  const pages = new RandomPages(layout, COUNT, 1);
  pages.states.fill(0);
  const decoder = new Decoder(layout, pages.reader, pages.caches, ['pfn', 'slab_cache']);
  const { loops } = decoder.pages;
  const at = loops.allocate(COUNT * 4);
  const wide: Lane = { kind: 'code', at, stride: 4, bytes: 4, names };
  const lane = decoder.lane.bind(decoder);
  decoder.lane = (name) => (name === 'slab_cache' ? wide : lane(name));
  const read = (codeOf: (page: number) => number): void => {
    decoder.read(0, COUNT);
    loops.words(at, COUNT).set(Array.from({ length: COUNT }, (_, page) => codeOf(page)));
  };
  return { decoder, read };
}

test('codes of 32 bits are decoded, written and compared', () => {
  const names = [''];
  const { decoder, read } = decoderOf(names);
  const encoder = new RowEncoder(decoder, ['pfn', 'slab_cache'], styleOf(csv, ['pfn', 'slab_cache']));
  const one = new Filter(decoder, parseExpression("slab_cache == 'file 150000'", COLUMNS));
  const some = new Filter(decoder, parseExpression("slab_cache like '*99'", COLUMNS));
  const none = new Filter(decoder, parseExpression('slab_cache is empty', COLUMNS));
  const { loops } = decoder.pages;
  // the loops have room for the texts of some 200,000 names
  for (const total of [10, 300, 70_000, 160_000]) {
    while (names.length < total) names.push(`file ${names.length}`);
    const codeOf = (page: number): number => (page % 7 === 0 ? 0 : (page * 7919) % total || 1);
    const want = Array.from(
      { length: COUNT },
      (_, page) => names[page === 9 && total > 150_000 ? 150_000 : codeOf(page)]!,
    );
    read((page) => names.indexOf(want[page]!));

    const column = decoder.column('slab_cache');
    if (column.kind !== 'name') throw new Error('names have names');
    expect([...column.codes].map((code) => column.names[code])).toEqual(want);

    const text = [...encoder.encode({ at: 0, first: 0, count: COUNT })]
      .map((c) => Buffer.from(c).toString())
      .join('');
    expect(text.trimEnd().split('\n')).toEqual(want.map((name, page) => `${page},${name}`));

    const found = (filter: Filter): string[] => {
      const bits = filter.run();
      if (bits === 0) return [];
      const words = loops.words(bits, Math.ceil(COUNT / 32));
      return want.filter((_, page) => (words[page >> 5]! >>> (page & 31)) & 1);
    };
    expect(found(one)).toEqual(want.filter((name) => name === 'file 150000'));
    expect(found(some)).toEqual(want.filter((name) => name.endsWith('99')));
    expect(found(none)).toEqual(want.filter((name) => name === ''));
  }
}, 60_000);
