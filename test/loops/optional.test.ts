import { describe, expect, test } from 'vitest';
import { COLUMNS } from '../../src/decode/columns/registry.ts';
import { Decoder } from '../../src/decode/decode.ts';
import { type Lane, NOTHING, putOptional } from '../../src/decode/lanes.ts';
import { csv } from '../../src/export/csv.ts';
import { ndjson } from '../../src/export/json.ts';
import { RowEncoder } from '../../src/scan/row-encoder.ts';
import { Filter } from '../../src/views/expression/filter.ts';
import { parseExpression } from '../../src/views/expression/parse.ts';
import { KERNELS, layoutOf } from '../decode/layouts.ts';
import { RowEncoderTwin } from './encode-twin.ts';
import { evaluate } from './filter-twin.ts';
import { RandomPages } from './random-pages.ts';
import { styleOf } from './style-of.ts';

const NUMBERS = [undefined, 0, 1, -1, -127, -128, -129, -256, -5000, 1024, 2 ** 31, -(2 ** 31), 2 ** 40];
const WORDS = [undefined, 0n, 0x1000n, 0x7f3a_1234_5000n, 2n ** 63n, 2n ** 64n - 4096n];
const COUNT = 700;

/** A decoder in which `refs_unexplained` has NUMBERS and `vaddr` WORDS, again and again. */
function decoderOf(): Decoder {
  const pages = new RandomPages(layoutOf(KERNELS['6.12']), COUNT, 1);
  pages.states.fill(0);
  const decoder = new Decoder(layoutOf(KERNELS['6.12']), pages.reader, pages.caches, [
    'pfn',
    'refs_unexplained',
    'vaddr',
  ]);
  const { loops } = decoder.pages;
  const [numbers, words] = [loops.allocate(COUNT * 8), loops.allocate(COUNT * 8)];
  const lane = decoder.lane.bind(decoder);
  const ours: Record<string, Lane> = {
    refs_unexplained: { kind: 'optional', at: numbers, as: 'number' },
    vaddr: { kind: 'optional', at: words, as: 'word' },
  };
  decoder.lane = (name) => ours[name] ?? lane(name);
  decoder.read(0, COUNT);
  for (let i = 0; i < COUNT; i++) {
    putOptional(loops.ints(numbers, 2 * COUNT), i, NUMBERS[i % NUMBERS.length]);
    loops.longs(words, COUNT)[i] = WORDS[i % WORDS.length] ?? NOTHING;
  }
  return decoder;
}

test('values that some pages lack are decoded, whatever their size', () => {
  const decoder = decoderOf();
  const numbers = decoder.column('refs_unexplained');
  const words = decoder.column('vaddr');
  if (numbers.kind !== 'number' || words.kind !== 'word') throw new Error('of another kind');
  for (let i = 0; i < COUNT; i++) {
    expect(numbers.empty![i] ? undefined : numbers.values[i]).toBe(NUMBERS[i % NUMBERS.length]);
    const word = (BigInt(words.high[i]!) << 32n) | BigInt(words.low[i]!);
    expect(words.empty![i] ? undefined : word).toBe(WORDS[i % WORDS.length]);
  }
});

describe.each([csv, ndjson])('$name', (exporter) => {
  test.each(['hex', 'decimal'] as const)('writes them with %s words as the twin does', (words) => {
    const decoder = decoderOf();
    const columns = ['pfn', 'refs_unexplained', 'vaddr'] as const;
    const style = styleOf(exporter, [...columns], words === 'decimal' ? { words } : {});
    const text = (chunks: Iterable<Uint8Array>): string =>
      [...chunks].map((c) => Buffer.from(c).toString()).join('');
    const ours = text(new RowEncoder(decoder, [...columns], style).encode({ at: 0, first: 0, count: COUNT }));
    const rows = Uint32Array.from({ length: COUNT }, (_, i) => i);
    expect(ours).toBe(text(new RowEncoderTwin([...columns], style).encode(decoder.batch(), rows)));
  });
});

test.each([
  'refs_unexplained < 0',
  'refs_unexplained <= -128',
  'refs_unexplained != 0',
  'refs_unexplained == -5000',
  'refs_unexplained > 1000',
  'refs_unexplained is empty',
  'refs_unexplained is not empty and vaddr is empty',
  '!(refs_unexplained > -1)',
  'refs_unexplained in (0, -1, -256)',
  'refs_unexplained + 1 < -100',
  'vaddr == 0',
  'vaddr >= 0x8000000000000000',
  'vaddr & 0xfff == 0',
  'vaddr & 0x1000',
  'vaddr < 0x2000 or vaddr is empty',
])('%s holds for the pages that the twin finds', (where) => {
  const decoder = decoderOf();
  const expression = parseExpression(where, COLUMNS);
  const bits = new Filter(decoder, expression).run();
  const words = bits === 0 ? new Uint32Array(COUNT) : decoder.pages.loops.words(bits, Math.ceil(COUNT / 32));
  const found = Uint8Array.from({ length: COUNT }, (_, i) => (words[i >> 5]! >>> (i & 31)) & 1);
  expect(found).toEqual(evaluate(expression, decoder.batch()));
});
