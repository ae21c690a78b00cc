import { describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/core/errors.ts';
import { COLUMNS } from '../../../src/decode/columns/registry.ts';
import { Decoder } from '../../../src/decode/decode.ts';
import { PAGE_STATES } from '../../../src/memmap/page-reader.ts';
import { Filter } from '../../../src/views/expression/filter.ts';
import { parseExpression } from '../../../src/views/expression/parse.ts';
import { KERNELS, layoutOf } from '../../decode/layouts.ts';
import { RandomPages } from '../../loops/random-pages.ts';

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
  const bits = new Filter(decoder, parseExpression(text, COLUMNS)).run();
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
    ['mapcount != 0', [1, 2, 3]],
    ['!(mapcount == 0)', [1, 2, 3]],
    ['mapcount != 0 && mapcount is not empty', [3]],
    ['mapcount > 0', [3]],
    ['!(mapcount > 0)', [0, 1, 2]],
    ['mapcount <= 0', [0]],
    ['mapcount is empty', [1, 2]],
    ['mapcount + 1 != 1', [1, 2, 3]],
    ['(mapcount + 1) is empty', [1, 2]],
    ['mapcount == mapcount', [0, 1, 2, 3]],
    ['mapcount < mapcount + 1', [0, 3]],
    ['refcount > mapcount', []],
    ['refcount >= mapcount', [0]],
    ['mapcount - refcount >= 2', [3]],
    ['0 < refcount', [1, 2]],
    ['-1 == refcount', [3]],
    ['refcount * 2 == 4 OR refcount / 2 == 1', [2]],
    ['refcount % 2 != 0', [1, 3]],
    ['pfn / refcount == 1', [1, 2]],
    ['(pfn / refcount) is empty', [0]],
    ['head != pfn', []],
    ['1 << pfn == 4', [2]],
    ['flags_raw & 0x1', [1, 2]],
    ['not flags_raw & 0x1', [0, 3]],
    ['(flags_raw & 0x1) != 0', [1, 2]],
    ['flags_raw & 1 == 1', [1, 2]],
    ['(flags_raw & (1 | 1 << 4)) == 0x11', [2]],
    ['mapping == mapping - 1 + 1', [0, 1, 2, 3]],
    ['mapping + 1 == 0x10000000000000000', [2]],
    ['mapping - 0xffffffffffffffff >= 0', [2]],
    ['-mapping < -0xffff888000000000', [1, 2]],
    ['memcg_data & 1', []],
    ['mapping == 0xffff888000000001', [1]],
    ['mapping > 0xffff888000000000', [1, 2]],
    ['mapping == -1', [2]],
    ['flags has dirty', [2, 3]],
    ['flags has (locked, dirty)', [2]],
    ['flags has all (locked, dirty)', [2]],
    ['flags HAS ANY (locked, dirty)', [1, 2, 3]],
    ['flags has any locked', [1, 2]],
    ['flags not has locked', [0, 3]],
    ['flags has any (locked, PG_dirty) AND Not flags has lru', [1, 2, 3]],
    ['flags has PG_locked', [1, 2]],
    ['flags is empty', [0]],
    ['refcount == 0 || refcount == 1 && type == slab', [0]],
    ['zone == dma', [0, 1, 2]],
    ['zone == 5', [3]],
    ['zone != 5', [0, 1, 2]],
    ['zone in (dma32, 5)', [3]],
    ['state is empty', []],
    ['mapping_kind is not empty', [0, 1, 2, 3]],
    ['zone == ?5', [3]],
    ["zone like '?*'", [0, 1, 2, 3]],
    ["zone =~ '^dm'", [0, 1, 2]],
    ["type like 'S*'", [2]],
    ["type not like 'S*'", [0, 1, 3]],
    ['type like *', [1, 2]],
    ["type =~ ''", [1, 2]],
    ["type !~ '^b'", [0, 2, 3]],
    ["type like 'b[t-v]?[!a]y'", [1]],
    ["type == ''", [0, 3]],
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
    ['!(refcount == 1)', [3]],
    ['refcount is empty', []],
    ['refcount is not empty', [1, 3]],
    ['refcount == 1 || refcount != 1', [1, 3]],
    ['!(refcount == 1 && state == ok)', [0, 2, 3]],
    ['!(refcount == 1 || state == ok)', []],
    ['refcount >= pfn || pfn == 0', [0, 1]],
    ['refcount in (0, 1, 2)', [1]],
    ['refcount >= -1 || state == truncated', [0, 1, 2, 3]],
    ['flags has locked', [1]],
    ['!(flags has locked)', [3]],
    ['flags has locked && pfn >= 0', [1]],
    ['flags is empty', []],
    ['type == slab', []],
    ['type is empty', [3]],
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

test.each([
  ['index * private == 1', "'index * private' may need more than 128 bits"],
  ['pfn == 1 || !(index * (private - 1) * 2 == 1)', "'index * (private - 1)' may need more than 128 bits"],
  ['(page - lru_next) / 64 == 1', "'(page - lru_next) / 64' divides what may need more than 64 bits"],
  ['index * refcount * pfn == 1', 'may need more than 128 bits'],
])('%s is refused', (text, message) => {
  expect(() => pages(text)).toThrow(UsageError);
  expect(() => pages(text)).toThrow(message);
});

describe('a name that no page can have is refused:', () => {
  test('a flag that the kernel does not have', () => {
    expect(() => pages('flags has wet')).toThrow(
      "this kernel has no flag 'wet'; it has locked, writeback, referenced",
    );
  });

  test.each<[string, string]>([
    ['type == slaps', "this kernel has no page type 'slaps'; it has buddy,"],
    ['refcount == 1 || !(type in (slab, anon))', "did you mean 'mapping_kind == anon'?"],
    ['flags has dirtty', "no flag 'dirtty'; did you mean 'dirty'?"],
    ['type == slb', "no page type 'slb'; did you mean 'slab'?"],
    ['not flags has any (slab, locked)', "did you mean 'type == slab'?"],
    ['zone != DMA64', "this kernel has no zone 'DMA64'; it has DMA, DMA32, Normal"],
    ['state == lost', "no state of a struct page 'lost'; it has ok, absent"],
  ])('%s', (text, message) => {
    expect(() => pages(text)).toThrow(UsageError);
    expect(() => pages(text)).toThrow(message);
  });
});
