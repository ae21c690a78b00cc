/** Pages of a tile: a block of the largest order of the buddy allocator on most machines. */
export const TILE = 1024;

/** Columns of tiles that hold codes of names. */
export const NAMED = ['type', 'class', 'mapping_kind', 'slab_cache', 'memcg'] as const;

export type Named = (typeof NAMED)[number];

/** Columns of tiles that hold numbers; an order or mapcount may be absent. */
export const COUNTED = ['refcount', 'mapcount', 'order'] as const;

export type Counted = (typeof COUNTED)[number];

/** The values of pages in a row, as typed arrays of equal length. */
export interface Pages {
  /** Sets of names of `Dictionary.flags`, in two halves. */
  readonly flagsLow: Uint32Array;
  readonly flagsHigh: Uint32Array;
  readonly numbers: Readonly<Record<Counted, Int32Array>>;
  /** 1 where the number is absent. */
  readonly absent: Readonly<Record<Counted, Uint8Array>>;
  readonly codes: Readonly<Record<Named, Uint16Array>>;
  /** The order of the free block that a page belongs to; -1 for other pages. */
  readonly freeOrder: Int8Array;
}

/** The names that codes stand for, over all captures. Code 0 is no name. */
export class Dictionary {
  readonly names: Readonly<Record<Named, string[]>> = {
    type: [''],
    class: [''],
    mapping_kind: [''],
    slab_cache: [''],
    memcg: [''],
  };
  readonly flags: string[] = [];

  /** The code of a name, which is added if it is new. */
  code(column: Named, name: string): number {
    const names = this.names[column];
    const known = names.indexOf(name);
    return known >= 0 ? known : names.push(name) - 1;
  }

  /** The bit of a flag; undefined if there are more than 64. */
  bit(flag: string): number | undefined {
    const known = this.flags.indexOf(flag);
    if (known >= 0) return known;
    return this.flags.length < 64 ? this.flags.push(flag) - 1 : undefined;
  }
}

/** What the pages of a tile add up to. Keys are codes. */
export interface TileCounts {
  readonly classes: ReadonlyMap<number, number>;
  readonly types: ReadonlyMap<number, number>;
  readonly caches: ReadonlyMap<number, number>;
  readonly memcgs: ReadonlyMap<number, number>;
  /** Blocks by order. */
  readonly freeBlocks: ReadonlyMap<number, number>;
}

/** TILE pages and their counts. */
export interface Tile {
  readonly pages: Pages;
  readonly counts: TileCounts;
}

/** Room for `count` pages. */
export function emptyPages(count: number): Pages {
  const codes = (): Uint16Array => new Uint16Array(count);
  const numbers = (): Int32Array => new Int32Array(count);
  const absent = (): Uint8Array => new Uint8Array(count);
  return {
    flagsLow: new Uint32Array(count),
    flagsHigh: new Uint32Array(count),
    numbers: { refcount: numbers(), mapcount: numbers(), order: numbers() },
    absent: { refcount: absent(), mapcount: absent(), order: absent() },
    codes: { type: codes(), class: codes(), mapping_kind: codes(), slab_cache: codes(), memcg: codes() },
    freeOrder: new Int8Array(count).fill(-1),
  };
}

/** Copies `count` pages. */
export function copyPages(to: Pages, at: number, from: Pages, first: number, count: number): void {
  const end = first + count;
  to.flagsLow.set(from.flagsLow.subarray(first, end), at);
  to.flagsHigh.set(from.flagsHigh.subarray(first, end), at);
  to.freeOrder.set(from.freeOrder.subarray(first, end), at);
  for (const name of COUNTED) {
    to.numbers[name].set(from.numbers[name].subarray(first, end), at);
    to.absent[name].set(from.absent[name].subarray(first, end), at);
  }
  for (const name of NAMED) to.codes[name].set(from.codes[name].subarray(first, end), at);
}

/** The pages with their counts. */
export function tileOf(pages: Pages): Tile {
  const { codes, freeOrder } = pages;
  const freePages = countsOf(freeOrder, -1);
  const freeBlocks = new Map([...freePages].map(([order, n]) => [order, n / 2 ** order]));
  return {
    pages,
    counts: {
      classes: countsOf(codes.class),
      types: countsOf(codes.type),
      caches: countsOf(codes.slab_cache, 0),
      memcgs: countsOf(codes.memcg, 0),
      freeBlocks,
    },
  };
}

function countsOf(values: Uint16Array | Int8Array, nothing?: number): Map<number, number> {
  const counts = new Map<number, number>();
  for (const value of values) if (value !== nothing) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
