import { describe, expect, test } from 'vitest';
import { KERNELS, layoutOf } from './layouts.ts';
import { ANON_VMA, Pages, pointer } from './written-pages.ts';

const FILE = 0xffff888001234560n;

/** A folio of 8 pages from pfn 8 on, each of which is mapped as `words` says (one less), with some counts of the whole. */
function folio(
  kernel: keyof typeof KERNELS,
  mapping: bigint,
  words: readonly number[],
  counts: { entire?: number; large?: number; mapped?: number; doubleMap?: boolean; headWord?: number },
): (pfn: number) => string[] {
  const layout = layoutOf(KERNELS[kernel]);
  const pages = new Pages(layout, 32).set(8, {
    flags: ['head'],
    mapping,
    word: counts.headWord ?? words[0]!,
  });
  for (let i = 1; i < 8; i++) pages.set(8 + i, { link: pointer(8), word: words[i] ?? -1 });
  const int = (offset: number | undefined, value: number): void => {
    if (offset === undefined) return;
    for (let byte = 0; byte < 4; byte++) pages.byte(8 * 64 + offset + byte, (value >> (8 * byte)) & 0xff);
  };
  const { folio: at, order, offsets } = layout;
  if (order.kind === 'byte') pages.byte(8 * 64 + order.offset, 3);
  else pages.byte(9 * 64 + offsets.flags, 3);
  if (counts.doubleMap) {
    const bit = layout.flags.bits.get('double_map')!;
    pages.byte(9 * 64 + offsets.flags + (bit >> 3), 1 << (bit & 7));
  }
  int(at.entireMapcount, (counts.entire ?? 0) - 1);
  int(at.largeMapcount, (counts.large ?? 0) - 1);
  int(at.nrPagesMapped, counts.mapped ?? 0);
  return pages.decode(['mapcount']);
}

const mapcounts = (row: (pfn: number) => string[]): string[] => [8, 9, 10, 15].map((pfn) => row(pfn)[0]!);
const NONE = [-1, -1, -1, -1, -1, -1, -1, -1];

describe('a page is mapped as often as', () => {
  test('its folio is as a whole', () => {
    const row = folio('6.12', ANON_VMA, NONE, { entire: 2, large: 2, mapped: 0x800000 });
    expect(mapcounts(row)).toEqual(['2', '2', '2', '2']);
    expect(row(16)).toEqual(['0']);
  });

  test('it is by itself and with its folio', () => {
    const row = folio('6.12', FILE, [0, 2, -1, -1, -1, -1, -1, -1], {
      entire: 1,
      large: 5,
      mapped: 0x800002,
    });
    expect(mapcounts(row)).toEqual(['2', '4', '1', '1']);
  });

  test('5.10: its own count says, if it is a page of a file', () => {
    const row = folio('5.10', FILE, [1, 0, 0, 0, 0, 0, 0, 0], { entire: 1 });
    expect(mapcounts(row)).toEqual(['2', '1', '1', '1']);
  });

  test('5.10: both counts of an anonymous page say, less one where it is mapped both ways', () => {
    const words = [1, 0, 0, 0, 0, 0, 0, 0];
    expect(mapcounts(folio('5.10', ANON_VMA, words, { entire: 1, doubleMap: true }))).toEqual([
      '2',
      '1',
      '1',
      '1',
    ]);
    expect(mapcounts(folio('5.10', ANON_VMA, NONE, { entire: 3 }))).toEqual(['3', '3', '3', '3']);
  });

  test('its hugetlb folio is, whose head has a page type where its own count would be', () => {
    const row = folio('6.12', ANON_VMA, NONE, {
      entire: 3,
      large: 3,
      mapped: 0x800000,
      headWord: 0xf4000000,
    });
    expect(mapcounts(row)).toEqual(['3', '3', '3', '3']);
  });

  test('nothing says, where the kernel counts for folios alone', () => {
    expect(mapcounts(folio('6.18', ANON_VMA, NONE, { large: 4, mapped: 0 }))).toEqual(['', '', '', '']);
    expect(mapcounts(folio('6.18', ANON_VMA, NONE, { large: 0, mapped: 0 }))).toEqual(['0', '0', '0', '0']);
  });

  test('nothing says, for a page with a type, a movable page and a tail whose head cannot be read', () => {
    const pages = new Pages(layoutOf(KERNELS['5.10']), 8)
      .set(1, { mapping: 0xffff888001234562n, word: 33 })
      .set(2, { word: 0xffffff7f })
      .set(3, { link: pointer(4096) })
      .set(4, { word: 33 });
    const row = pages.decode(['mapcount']);
    expect([1, 2, 3, 4].map((pfn) => row(pfn)[0])).toEqual(['', '', '', '34']);
  });
});
