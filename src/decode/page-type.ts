import type { PageLayout } from '../layout/page-layout.ts';

/** A word whose bits of `mask` are those of `value` (signed 32 bit) has the type of this code. */
export interface TypeRule {
  readonly mask: number;
  readonly value: number;
  readonly code: number;
}

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
  /** Code by the high byte of the word, in kernels that number their types. */
  readonly byByte?: Uint8Array;
  /** In others the first rule that holds decides. */
  readonly rules: readonly TypeRule[];
  /** Words below this are types; undefined where only those are that have a code. */
  readonly typedBelow?: number;
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

/** What the loops test words by. */
type Rules = Pick<PageTypeDecoder, 'decode' | 'isTyped' | 'byByte' | 'rules' | 'typedBelow'>;

function functions(layout: PageLayout): Rules {
  const { types } = layout;
  if (types.encoding === 'byte') {
    const byByte = new Uint8Array(256);
    for (const [i, v] of types.values.entries()) byByte[v.value & 0xff] = i + 1;
    // page_has_type(): typed are 0x80000000 up to, not including, 0xff000000
    const typedBelow = -0x01000000;
    const isTyped = (word: number): boolean => word < typedBelow;
    const decode = (word: number): number => (isTyped(word) ? byByte[word >>> 24]! : 0);
    return { isTyped, decode, byByte, rules: [], typedBelow };
  }
  if (types.encoding === 'inverted') {
    const base = types.base | 0;
    const first = types.values.findIndex((v) => v.name === 'kmemcg');
    // an accounted page table has both bits clear; what it is says more than who pays for it
    const rules = types.values
      .map((v, i) => ({ mask: base | v.value, value: base, code: i + 1 }))
      .sort((a, b) => Number(a.code === first + 1) - Number(b.code === first + 1) || a.code - b.code);
    // page_type_has_type(): below PAGE_MAPCOUNT_RESERVE (-128); in 6.11 the owner may use the low 16 bits
    const typedBelow = types.base === 0x80000000 ? -0x10000 : -128;
    return { isTyped: (word) => word < typedBelow, decode: byRules(rules), rules, typedBelow };
  }
  const rules = types.values.map((v, i) => ({ mask: -1, value: v.value | 0, code: i + 1 }));
  const decode = byRules(rules);
  return { isTyped: (word) => decode(word) !== 0, decode, rules };
}

function byRules(rules: readonly TypeRule[]): (word: number) => number {
  return (word) => {
    for (const { mask, value, code } of rules) if ((word & mask) === value) return code;
    return 0;
  };
}
