import { UsageError } from '../../core/errors.ts';
import { type Catalogue, repeated, type Sample } from './catalogue.ts';
import { copyPages, emptyPages, type Named, type Pages, TILE, type Tile, tileOf } from './tile.ts';

/** Pages of a free block of one order. */
interface FreeBlock {
  readonly order: number;
  readonly at: number;
}

const LARGEST_ORDER = Math.log2(TILE);
/** One page that cannot be moved, and free blocks up to the next. */
const SCATTER: readonly FreeBlock[] = [0, 1, 2, 3].map((order) => ({ order, at: 2 ** order }));
const SCATTER_PAGES = 16;
/** Pages of a huge page of x86-64, in which one page stands in the way. */
const BLOCK = 512;

/** Tiles that a fault puts into a host, made of pages of the captures. */
export class Templates {
  readonly #catalogue: Catalogue;

  constructor(catalogue: Catalogue) {
    this.#catalogue = catalogue;
  }

  /** Slab caches by how many pages they have in the captures, largest first; with `single`, those whose slabs are single pages. */
  caches(single = false): string[] {
    const { pages, dictionary } = this.#catalogue;
    const counts = new Map<number, number>();
    for (const { codes, numbers } of pages) {
      for (const [i, code] of codes.slab_cache.entries()) {
        if (code === 0 || (single && numbers.order[i] !== 0)) continue;
        counts.set(code, (counts.get(code) ?? 0) + 1);
      }
    }
    const sorted = [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
    return sorted.map(([code]) => dictionary.names.slab_cache[code]!);
  }

  /** The first of the classes that the captures have pages of. Throws UsageError if they have none of them. */
  firstClass(wanted: readonly string[]): string {
    const found = wanted.find((name) => this.#find('class', name) !== undefined);
    if (found !== undefined) return found;
    throw new UsageError(
      `the captures have no pages of the classes ${wanted.join(', ')}: add another capture`,
    );
  }

  slab(cache: string): Tile {
    return tileOf(repeated([this.#sample('slab_cache', cache)]));
  }

  ofClass(name: string): Tile {
    return tileOf(repeated([this.#sample('class', name)]));
  }

  /** Memory of processes in single pages. */
  anon(): Tile {
    return this.ofClass(this.firstClass(['anon', 'shmem']));
  }

  /** Page cache; of shmem where the captures have none. */
  file(): Tile {
    const { dictionary } = this.#catalogue;
    if (this.#find('class', 'file') !== undefined) return this.ofClass('file');
    const { pages } = this.ofClass('shmem');
    pages.codes.class.fill(dictionary.code('class', 'file'));
    pages.codes.mapping_kind.fill(dictionary.code('mapping_kind', 'file'));
    return tileOf(pages);
  }

  /** One free block. */
  free(): Tile {
    const pages = repeated([this.#freePage()]);
    pages.freeOrder.fill(LARGEST_ORDER);
    return tileOf(pages);
  }

  /** Free blocks of a few pages, with pages of a slab cache between them. */
  scattered(cache: string): Tile {
    const pages = repeated([this.#freePage()]);
    const slab = this.#sample('slab_cache', cache);
    for (let at = 0; at < TILE; at += SCATTER_PAGES) {
      copyPages(pages, at, slab.pages, slab.first, 1);
      for (const { order, at: offset } of SCATTER) {
        pages.freeOrder.fill(order, at + offset, at + offset + 2 ** order);
      }
    }
    return tileOf(pages);
  }

  /** Memory of processes with one page of a slab cache in each block. */
  pinned(cache: string): Tile {
    const { pages } = this.anon();
    const slab = this.#sample('slab_cache', cache);
    for (let at = 0; at < TILE; at += BLOCK) copyPages(pages, at, slab.pages, slab.first, 1);
    return tileOf(pages);
  }

  /** A tile whose pages, except free ones and those of slabs, are charged to a cgroup. */
  charged({ pages: from }: Tile, memcg: string): Tile {
    const pages = emptyPages(TILE);
    copyPages(pages, 0, from, 0, TILE);
    const { codes, freeOrder } = pages;
    const code = this.#catalogue.dictionary.code('memcg', memcg);
    for (let i = 0; i < TILE; i++) if (freeOrder[i]! < 0 && codes.slab_cache[i] === 0) codes.memcg[i] = code;
    return tileOf(pages);
  }

  #freePage(): Sample {
    return { ...this.#sample('type', 'buddy'), count: 1 };
  }

  /** The first folio of these pages. */
  #sample(column: Named, name: string): Sample {
    const found = this.#find(column, name);
    if (found) return found;
    throw new UsageError(`the captures have no pages of ${column} ${name}: add another capture`);
  }

  #find(column: Named, name: string): Sample | undefined {
    const { dictionary, pages } = this.#catalogue;
    const code = dictionary.names[column].indexOf(name);
    if (code <= 0) return undefined;
    for (const from of pages) {
      const first = from.codes[column].indexOf(code);
      if (first < 0) continue;
      const count = Math.min(TILE, 2 ** (from.numbers.order[first] ?? 0));
      if (first % count === 0 && isUniform(from, column, first, count)) return { pages: from, first, count };
    }
    return undefined;
  }
}

function isUniform({ codes }: Pages, column: Named, first: number, count: number): boolean {
  const code = codes[column][first];
  return codes[column].subarray(first, first + count).every((c) => c === code);
}
