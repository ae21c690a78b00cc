import type { PageLayout } from '../../src/layout/page-layout.ts';

/** Pages of these types may be movable although they have a type (include/linux/page-flags.h). */
const MAY_BE_MOVABLE = ['zsmalloc', 'offline', 'balloon'];

/** Page types by the word of `_mapcount` and `page_type`, as include/linux/page-flags.h tests them. Codes are positions in `names`. */
export class TypeTwin {
  readonly names: readonly string[];
  readonly slab: number;
  readonly hugetlb: number;
  readonly #types: PageLayout['types'];
  readonly #base: number;

  constructor({ types }: PageLayout) {
    this.#types = types;
    this.#base = types.encoding === 'inverted' ? types.base : 0;
    const known = ['', ...types.values.map((type) => type.name)];
    // what a flag says instead of a type has a code too
    this.names = [...known, ...['slab', 'hugetlb'].filter((name) => !known.includes(name))];
    this.slab = this.names.indexOf('slab');
    this.hugetlb = this.names.indexOf('hugetlb');
  }

  code(name: string): number {
    return Math.max(0, this.names.indexOf(name));
  }

  mayBeMovable(code: number): boolean {
    return MAY_BE_MOVABLE.includes(this.names[code]!);
  }

  /** Code of the type that a word says; 0 if it says none. */
  decode(word: number): number {
    const { encoding, values } = this.#types;
    const base = this.#base;
    const bits = word >>> 0;
    const matches = values.filter(({ value }) => {
      // PageType of 6.12 on: the number is the top byte
      if (encoding === 'byte') return this.isTyped(word) && bits >>> 24 === (value & 0xff);
      // PageType before: PAGE_TYPE_BASE is set, and the bit of the type is clear
      if (encoding === 'inverted') return (bits & (base | value)) >>> 0 === base >>> 0;
      return bits === value >>> 0;
    });
    // an accounted page table is one above all
    const best = matches.find(({ name }) => name !== 'kmemcg') ?? matches[0];
    return best ? this.code(best.name) : 0;
  }

  /** Whether a word is no map count. */
  isTyped(word: number): boolean {
    const { encoding } = this.#types;
    const base = this.#base;
    const bits = word >>> 0;
    if (encoding === 'byte') return bits >= 0x80000000 && bits < 0xff000000;
    if (encoding === 'inverted') return word < (base >>> 0 === 0x80000000 ? -65536 : -128);
    return this.decode(word) !== 0;
  }
}
