import type { PageLayout } from '../layout/page-layout.ts';

/** A word has the type of this code if its bits under `mask` equal `value` (signed 32-bit). */
export interface TypeRule {
  readonly mask: number;
  readonly value: number;
  readonly code: number;
}

/** Turns the word of `_mapcount` / `page_type` into a code; 0 means no type. */
export interface PageTypeDecoder {
  /** The name of each code; names[0] is empty. */
  readonly names: readonly string[];
  /** Codes of slab and hugetlb, whether the word or a flag tells them. */
  readonly slab: number;
  readonly hugetlb: number;
  /** Types whose pages may also be movable (zsmalloc, offline: include/linux/page-flags.h). */
  readonly mayBeMovable: Uint8Array;
  /** The code of a name; 0 if this kernel has no such type. */
  code(name: string): number;
  /** The code of the type in a word (signed 32-bit); 0 if the word is a map count. */
  decode(word: number): number;
  /** Whether a word is a type, known or not, and thus no map count. */
  isTyped(word: number): boolean;
  /** Codes by the high byte of the word, for kernels that number their types. */
  readonly byByte?: Uint8Array;
  /** Rules for other kernels; the first match wins. */
  readonly rules: readonly TypeRule[];
  /** Words below this are types; undefined if only words with a code are. */
  readonly typedBelow?: number;
}

/** Makes the decoder for a kernel's encoding of page types. */
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

/** The constants with which the loops test words. */
type Rules = Pick<PageTypeDecoder, 'decode' | 'isTyped' | 'byByte' | 'rules' | 'typedBelow'>;

function functions(layout: PageLayout): Rules {
  const { types } = layout;
  if (types.encoding === 'byte') {
    const byByte = new Uint8Array(256);
    for (const [i, v] of types.values.entries()) byByte[v.value & 0xff] = i + 1;
    // page_has_type(): types are 0x80000000 up to but not including 0xff000000
    const typedBelow = -0x01000000;
    const isTyped = (word: number): boolean => word < typedBelow;
    const decode = (word: number): number => (isTyped(word) ? byByte[word >>> 24]! : 0);
    return { isTyped, decode, byByte, rules: [], typedBelow };
  }
  if (types.encoding === 'inverted') {
    const base = types.base | 0;
    const first = types.values.findIndex((v) => v.name === 'kmemcg');
    // an accounted page table has both bits cleared; its type says more than its accounting
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
