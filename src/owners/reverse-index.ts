import type { Pfn } from '../core/address.ts';
import { UnsupportedError } from '../core/errors.ts';

/** Number of pages in a block: an entry of a huge page is stored once per block. */
const BLOCK = 512;
/** An entry is two 32-bit words: the number of its process with the upper bits of its page number, and the lower bits. */
const PROCESS_BITS = 20;
const PROCESSES = 2 ** PROCESS_BITS;
const LOW = 2 ** 32;

/** Receives mappings, by the number of the process and the page number of the address. */
export interface MappingSink {
  /** Adds an entry that maps `count` page frames from `pfn` on. */
  one(process: number, page: number, pfn: Pfn, count: number): void;
  /** Adds single pages: `count` page frames with their slots after `page`, a multiple of 65,536. */
  many(process: number, page: number, frames: Uint32Array, slots: Uint16Array, count: number): void;
}

/** Reports all mappings. It is called twice, and must report the same. */
export type TellMappings = (sink: MappingSink) => void;

/** A process that maps a page frame, and the place. */
export interface Mapper {
  /** Its number in the list from which the index was made. */
  readonly process: number;
  /** The address divided by the size of a page. */
  readonly page: number;
}

/**
 * The mappings of each page frame: 8 bytes per entry and 4 bytes per page frame, made by a counting sort. Mappings are
 * walked twice, so that nothing is stored in between.
 */
export class ReverseIndex {
  readonly #pages: Lists;
  readonly #blocks: Lists;

  /** `limit` is the first pfn after the last page; frames beyond it are left out. */
  constructor(limit: Pfn, processes: number, tell: TellMappings) {
    if (processes > PROCESSES) {
      throw new UnsupportedError(`${processes} processes`, `the index of mappings holds ${PROCESSES}`);
    }
    const pages = new Lists(limit);
    const blocks = new Lists(Math.ceil(limit / BLOCK));
    tell({
      one: inPieces(limit, pages, blocks, (lists, at) => lists.count(at)),
      many: (_, __, frames, ___, count) => pages.countMany(frames, count),
    });
    pages.allocate();
    blocks.allocate();
    tell({
      one: inPieces(limit, pages, blocks, (lists, at, process, page) => lists.add(at, process, page)),
      many: (process, page, frames, slots, count) => pages.addMany(process, page, frames, slots, count),
    });
    this.#pages = pages;
    this.#blocks = blocks;
  }

  /** Number of entries; those of a block count once. */
  get entries(): number {
    return this.#pages.entries + this.#blocks.entries;
  }

  /** Number of entries that map a page frame. */
  countOf(pfn: Pfn): number {
    return this.#pages.lengthOf(pfn) + this.#blocks.lengthOf(Math.floor(pfn / BLOCK));
  }

  /** The mappings of a page frame, by process number. */
  mappersOf(pfn: Pfn): Mapper[] {
    const found = this.#pages.of(pfn, 0);
    const { length } = found;
    found.push(...this.#blocks.of(Math.floor(pfn / BLOCK), pfn % BLOCK));
    if (length > 0 && found.length > length) found.sort((a, b) => a.process - b.process || a.page - b.page);
    return found;
  }
}

/** Splits what an entry maps into whole blocks and single pages. */
function inPieces(
  limit: Pfn,
  pages: Lists,
  blocks: Lists,
  take: (lists: Lists, at: number, process: number, page: number) => void,
): MappingSink['one'] {
  return (process, page, pfn, count) => {
    const end = Math.min(pfn + count, limit);
    for (let at = pfn; at < end; ) {
      const isBlock = at % BLOCK === 0 && at + BLOCK <= end;
      if (isBlock) take(blocks, at / BLOCK, process, page + (at - pfn));
      else take(pages, at, process, page + (at - pfn));
      at += isBlock ? BLOCK : 1;
    }
  };
}

/** Lists of entries by key, in one array. */
class Lists {
  /** While counting: the number of entries of a key. Then: the place of its next entry, and finally the end of its list. */
  readonly #ends: Uint32Array;
  #entries: Uint32Array = new Uint32Array(0);

  constructor(keys: number) {
    this.#ends = new Uint32Array(keys);
  }

  get entries(): number {
    return this.#entries.length / 2;
  }

  count(key: number): void {
    this.#ends[key]!++;
  }

  /** Ignores keys without a list, like `addMany`. */
  countMany(keys: Uint32Array, count: number): void {
    const ends = this.#ends;
    for (let i = 0; i < count; i++) {
      const key = keys[i]!;
      if (key < ends.length) ends[key]!++;
    }
  }

  allocate(): void {
    let total = 0;
    const ends = this.#ends;
    for (let i = 0; i < ends.length; i++) {
      const own = ends[i]!;
      ends[i] = total;
      total += own;
    }
    this.#entries = new Uint32Array(2 * total);
  }

  add(key: number, process: number, page: number): void {
    const at = this.#ends[key]!++;
    this.#entries[2 * at] = process + Math.floor(page / LOW) * PROCESSES;
    this.#entries[2 * at + 1] = page % LOW;
  }

  addMany(process: number, page: number, keys: Uint32Array, slots: Uint16Array, count: number): void {
    const ends = this.#ends;
    const entries = this.#entries;
    // pages of one table share all but their lowest bits
    const high = process + Math.floor(page / LOW) * PROCESSES;
    const low = page % LOW;
    for (let i = 0; i < count; i++) {
      const key = keys[i]!;
      if (key >= ends.length) continue;
      const at = 2 * ends[key]!++;
      entries[at] = high;
      entries[at + 1] = low + slots[i]!;
    }
  }

  lengthOf(key: number): number {
    return (this.#ends[key] ?? 0) - (key === 0 ? 0 : (this.#ends[key - 1] ?? 0));
  }

  of(key: number, behind: number): Mapper[] {
    const found: Mapper[] = [];
    const end = this.#ends[key] ?? 0;
    for (let at = end - this.lengthOf(key); at < end; at++) {
      const word = this.#entries[2 * at]!;
      found.push({
        process: word % PROCESSES,
        page: Math.floor(word / PROCESSES) * LOW + this.#entries[2 * at + 1]! + behind,
      });
    }
    return found;
  }
}
