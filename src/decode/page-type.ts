import type { PageLayout } from '../layout/page-layout.ts';

/** Turns the word of `_mapcount` / `page_type` into a code; 0 is: no type. */
export interface PageTypeDecoder {
  /** Name of each code; names[0] is empty. */
  readonly names: readonly string[];
  /** Code of the slab type, whether by word or by flag; of hugetlb likewise. */
  readonly slab: number;
  readonly hugetlb: number;
  /** Types whose pages may be movable although they have a type (zsmalloc, offline: include/linux/page-flags.h). */
  readonly mayBeMovable: Uint8Array;
  /** Code of a name; 0 if this kernel has no such type. */
  code(name: string): number;
  /** Code of the type that a word (signed 32 bit) says; 0 if it is a map count. */
  decode(word: number): number;
  /** Whether a word is a type, so that it is no map count, known to us or not. */
  isTyped(word: number): boolean;
}

/** The decoder for a kernel's encoding of page types. */
export function pageTypeDecoder(layout: PageLayout): PageTypeDecoder {
  const { types } = layout;
  const names = ['', ...types.values.map((v) => v.name)];
  for (const name of ['slab', 'hugetlb']) if (!names.includes(name)) names.push(name);
  const code = (name: string): number => Math.max(0, names.indexOf(name));
  const mayBeMovable = Uint8Array.from(names, (n) =>
    n === 'zsmalloc' || n === 'offline' || n === 'balloon' ? 1 : 0,
  );
  return { names, slab: code('slab'), hugetlb: code('hugetlb'), mayBeMovable, code, ...functions(layout) };
}

function functions(layout: PageLayout): Pick<PageTypeDecoder, 'decode' | 'isTyped'> {
  const { types } = layout;
  if (types.encoding === 'byte') {
    const byByte = new Uint8Array(256);
    for (const [i, v] of types.values.entries()) byByte[v.value & 0xff] = i + 1;
    // page_has_type(): typed are 0x80000000 up to, not including, 0xff000000
    const isTyped = (word: number): boolean => word < -0x01000000;
    return { isTyped, decode: (word) => (isTyped(word) ? byByte[word >>> 24]! : 0) };
  }
  if (types.encoding === 'inverted') {
    const base = types.base | 0;
    const list = types.values;
    const first = list.findIndex((v) => v.name === 'kmemcg');
    // an accounted page table has both bits clear; what it is says more than who pays for it
    const order = list.map((_, i) => i).sort((a, b) => Number(a === first) - Number(b === first) || a - b);
    return {
      // page_type_has_type(): below PAGE_MAPCOUNT_RESERVE (-128); in 6.11 the owner may use the low 16 bits
      isTyped: (word) => word < (types.base === 0x80000000 ? -0x10000 : -128),
      decode(word) {
        for (const i of order) if ((word & (base | list[i]!.value)) === base) return i + 1;
        return 0;
      },
    };
  }
  const values = types.values.map((v) => v.value | 0);
  return {
    isTyped: (word) => values.includes(word),
    decode: (word) => values.indexOf(word) + 1,
  };
}
