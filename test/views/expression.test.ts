import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/core/errors.ts';
import { Decoder } from '../../src/decode/decode.ts';
import { PAGE_STATES } from '../../src/memmap/page-reader.ts';
import { Filter } from '../../src/views/expression/filter.ts';
import { columnsOf, parseExpression } from '../../src/views/expression/parse.ts';
import { KERNELS, layoutOf } from '../decode/layouts.ts';
import { RandomPages } from '../loops/random-pages.ts';

/** Four pages of 6.12: mapcounts 0, 5, a slab and a buddy; the flags none, locked, locked and dirty, dirty; the last in a zone without a name. */
function fourPages(states: readonly number[]): Decoder {
  const layout = layoutOf(KERNELS['6.12']);
  const { offsets, flags, size } = layout;
  const bytes = new Uint8Array(4 * size);
  const view = new DataView(bytes.buffer);
  const set = (names: string[]): bigint => names.reduce((s, n) => s | (1n << BigInt(flags.bits.get(n)!)), 0n);
  const type = (name: string): number => layout.types.values.find((t) => t.name === name)!.value << 24;
  const pages = [
    { refcount: 0, word: -1, mapping: 0n, flags: [] },
    { refcount: 1, word: type('buddy'), mapping: 0xffff888000000001n, flags: ['locked'] },
    { refcount: 2, word: type('slab'), mapping: 0xffffffffffffffffn, flags: ['locked', 'dirty'] },
    { refcount: -1, word: 4, mapping: 0x100000010n, flags: ['dirty'] },
  ];
  for (const [i, page] of pages.entries()) {
    view.setInt32(i * size + offsets.refcount, page.refcount, true);
    view.setInt32(i * size + offsets.mapcount, page.word, true);
    view.setBigUint64(i * size + offsets.mapping, page.mapping, true);
    const zone = i === 3 ? 5n << BigInt(layout.fields.zone.shift) : 0n;
    view.setBigUint64(i * size + offsets.flags, set(page.flags) | zone, true);
  }
  const source = new RandomPages(layout, 1, 1);
  const decoder = new Decoder(layout, source.reader, source.caches, []);
  const readable = states.filter((s) => s === 0).length;
  decoder.decode({ start: 0, count: 4, bytes, states: Uint8Array.from(states), readable });
  return decoder;
}

function pages(text: string, states: readonly number[] = [0, 0, 0, 0]): number[] {
  const decoder = fourPages(states);
  const bits = new Filter(decoder, parseExpression(text)).run();
  const word = bits === 0 ? 0 : decoder.pages.loops.words(bits, 1)[0]!;
  return [0, 1, 2, 3].filter((i) => (word >>> i) & 1);
}

describe('an expression holds for', () => {
  test.each<[string, number[]]>([
    ['refcount == 1', [1]],
    ['refcount = 1', [1]],
    ['refcount < 0', [3]],
    ['refcount >= 1 && refcount <= 2', [1, 2]],
    ['refcount in (0, 2)', [0, 2]],
    ['!(refcount in (0, 2))', [1, 3]],
    ['not refcount == 0 and not refcount == -1', [1, 2]],
    ['type == buddy', [1]],
    ['type == BUDDY or type == "slab"', [1, 2]],
    ['type != buddy', [0, 2, 3]],
    ['type is empty', [0, 3]],
    ['type is not empty', [1, 2]],
    ['mapcount == 0', [0]],
    ['mapcount != 0', [3]],
    ['mapcount is empty', [1, 2]],
    ['mapping == 0xffff888000000001', [1]],
    ['mapping > 0xffff888000000000', [1, 2]],
    ['mapping == -1', [2]],
    ['flags has dirty', [2, 3]],
    ['flags has (locked, dirty)', [2]],
    ['flags has locked|dirty', [2]],
    ['flags has PG_locked', [1, 2]],
    ['flags is empty', [0]],
    ['refcount == 0 || refcount == 1 && type == slab', [0]],
    ['zone == dma', [0, 1, 2]],
    ['zone == 5', [3]],
    ['zone != 5', [0, 1, 2]],
    ['zone in (dma32, 5)', [3]],
    ['slab_cache == nosuchcache', []],
  ])('%s', (text, want) => {
    expect(pages(text)).toEqual(want);
  });
});

describe('where the first and the third page could not be read, whatever stands in their place, an expression holds for', () => {
  const TRUNCATED = PAGE_STATES.indexOf('truncated');
  test.each<[string, number[]]>([
    ['refcount == 0', []],
    ['refcount == 2', []],
    ['refcount != 0', [1, 3]],
    ['!(refcount == 1)', [0, 2, 3]],
    ['refcount is empty', [0, 2]],
    ['refcount in (0, 1, 2)', [1]],
    ['refcount >= -1 || state == truncated', [0, 1, 2, 3]],
    ['flags has locked', [1]],
    ['!(flags has locked)', [0, 2, 3]],
    ['flags has locked && pfn >= 0', [1]],
    ['flags is empty', [0, 2]],
    ['type == slab', []],
    ['type is empty', [0, 2, 3]],
    ['type != slab', [1, 3]],
    ['zone == dma', [1]],
    ['mapping == -1', []],
    ['pfn < 3', [0, 1, 2]],
    ['state == truncated', [0, 2]],
    ['page is empty', []],
  ])('%s', (text, want) => {
    expect(pages(text, [TRUNCATED, 0, TRUNCATED, 0])).toEqual(want);
  });
});

describe('what is wrong is shown where it is wrong', () => {
  test.each<[string, string]>([
    ['', 'expected a column, found the end'],
    ['refcount', "expected an operator (== != < <= > >= in has is) after 'refcount', found the end"],
    ['refcount ==', 'expected a number to compare refcount with, found the end'],
    ['refcount == slab', "expected a number to compare refcount with, found 'slab'"],
    ['type < slab', 'type is a name: it can be compared with == and != only'],
    ['type has slab', "'has' asks for flags in a set; type is not one: use =="],
    ['flags == dirty', "flags is a set of names: write 'flags has NAME' or '!(flags has NAME)'"],
    ['(refcount == 1', "expected ')', found the end"],
    ['refcount == 1 1', "expected && or || or the end, found '1'"],
    ['refcount # 1', "'#' cannot stand here"],
    ['colour == 1', "'colour' is no column"],
    ['flags has 5', "expected the name of a flag, found '5'"],
  ])('%s', (text, message) => {
    expect(() => parseExpression(text)).toThrow(UsageError);
    expect(() => parseExpression(text)).toThrow(message);
  });

  test('with a mark under the place', () => {
    expect(() => parseExpression('refcount == 1 && typ == slab')).toThrow(
      /\n {2}refcount == 1 && typ == slab\n {19}\^$/,
    );
  });

  test('a flag that the kernel does not have', () => {
    expect(() => pages('flags has wet')).toThrow(
      "this kernel has no flag 'wet'; it has locked, writeback, referenced",
    );
  });

  test.each<[string, string]>([
    ['type == slaps', "this kernel has no page type 'slaps'; it has buddy,"],
    ['refcount == 1 || !(type in (slab, anon))', 'did you mean mapping_kind == anon?'],
    ['zone != DMA64', "this kernel has no zone 'DMA64'; it has DMA, DMA32, Normal"],
    ['state == lost', "no state of a struct page 'lost'; it has ok, absent"],
  ])('a name that no page can have: %s', (text, message) => {
    expect(() => pages(text)).toThrow(UsageError);
    expect(() => pages(text)).toThrow(message);
  });
});

test('no text gives anything but an expression or a UsageError', () => {
  const word = fc.constantFrom(
    '(',
    ')',
    '!',
    '&&',
    '||',
    '==',
    'in',
    'has',
    'is',
    'empty',
    'type',
    'refcount',
    '1',
    '0x',
    "'",
    ',',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(word, { maxLength: 400 }).map((w) => w.join(' ')),
      ),
      (text) => {
        try {
          columnsOf(parseExpression(text));
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
        }
      },
    ),
    { numRuns: 500 },
  );
});
