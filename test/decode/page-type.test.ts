import { describe, expect, test } from 'vitest';
import { pageTypeDecoder } from '../../src/decode/page-type.ts';
import { KERNELS, layoutOf } from './layouts.ts';

/** Words that the kernels write, by include/linux/page-flags.h of each. */
const WORDS: Record<keyof typeof KERNELS, Record<string, number>> = {
  '5.10': { buddy: 0xffffff7f, offline: 0xfffffeff, table: 0xfffffbff, guard: 0xfffff7ff },
  '6.1': { buddy: 0xffffff7f, offline: 0xfffffeff, table: 0xfffffdff, guard: 0xfffffbff },
  '6.12': {
    buddy: 0xf0000000,
    offline: 0xf1000000,
    table: 0xf2000000,
    guard: 0xf3000000,
    hugetlb: 0xf4000000,
    slab: 0xf5000123,
    zsmalloc: 0xf6000000,
    unaccepted: 0xf7000000,
  },
  '6.18': { buddy: 0xf0000000, table: 0xf2000000, slab: 0xf5abcdef, large_kmalloc: 0xf8000000 },
  '7.2': { buddy: 0xf0000000, table: 0xf2000000, slab: 0xf5000000, large_kmalloc: 0xf8000000 },
  '7.3': { buddy: 0xf0000000, offline: 0xf1000000, hugetlb: 0xf4000000, large_kmalloc: 0xf8000000 },
};

describe.each(Object.entries(KERNELS))('page types of %s', (kernel, file) => {
  const types = pageTypeDecoder(layoutOf(file));

  test('words of each type', () => {
    for (const [name, word] of Object.entries(WORDS[kernel as keyof typeof KERNELS])) {
      expect([name, types.names[types.decode(word | 0)]]).toEqual([name, name]);
      expect(types.isTyped(word | 0)).toBe(true);
    }
  });

  test('map counts are no types', () => {
    for (const word of [-1, 0, 1, 1000, -2, 0x7fffffff]) {
      expect([word, types.decode(word), types.isTyped(word)]).toEqual([word, 0, false]);
    }
  });
});

test('an accounted page table of 5.10 is a table', () => {
  const types = pageTypeDecoder(layoutOf(KERNELS['5.10']));
  expect(types.names[types.decode(0xfffff9ff | 0)]).toBe('table');
  expect(types.names[types.decode(0xfffffdff | 0)]).toBe('kmemcg');
});
