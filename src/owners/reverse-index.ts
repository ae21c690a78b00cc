import type { Pfn } from '../core/address.ts';
import { UnsupportedError } from '../core/errors.ts';

/** Pages of a block: entries of huge pages are kept once for each block of theirs. */
const BLOCK = 512;
/** An entry is two words of 32 bits: the number of its process with the upper bits of its page above them, and the lower bits. */
const PROCESS_BITS = 20;
const PROCESSES = 2 ** PROCESS_BITS;
const LOW = 2 ** 32;

/** Takes mappings, which are told by the number of the process and by pages of its addresses. */
export interface MappingSink {
  /** An entry that maps `count` page frames from `pfn` on. */
  one(process: number, page: number, pfn: Pfn, count: number): void;
  /** Single pages: `count` page frames, and the page behind `page`, which is one of 65,536, at which each is. */
  many(process: number, page: number, frames: Uint32Array, slots: Uint16Array, count: number): void;
}

/** Tells all mappings; it is asked twice, and must tell the same. */
export type TellMappings = (sink: MappingSink) => void;

/** A process that maps a page frame, and where. */
export interface Mapper {
  /** Its number in the list that the index was made of. */
  readonly process: number;
  /** The address divided by the size of a page. */
  readonly page: number;
}

/**
 * Who maps each page frame, and where: 8 bytes for each entry and 4 for each page frame, sorted by counting (mappings are
 * walked twice, so that nothing is kept in between).
 */
export class ReverseIndex {
  readonly #pages: Lists;
  readonly #blocks: Lists;

  /** `limit` is the first pfn behind the last page: frames beyond it are left out. */
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

  /** Number of entries, those of a block counted once. */
  get entries(): number {
    return this.#pages.entries + this.#blocks.entries;
  }

  /** How many entries map a page frame. */
  countOf(pfn: Pfn): number {
    return this.#pages.lengthOf(pfn) + this.#blocks.lengthOf(Math.floor(pfn / BLOCK));
  }

  /** Who maps a page frame, processes in the order of their numbers. */
  mappersOf(pfn: Pfn): Mapper[] {
    const found = this.#pages.of(pfn, 0);
    const { length } = found;
    found.push(...this.#blocks.of(Math.floor(pfn / BLOCK), pfn % BLOCK));
    if (length > 0 && found.length > length) found.sort((a, b) => a.process - b.process || a.page - b.page);
    return found;
  }
}

/** Cuts what an entry maps into whole blocks and single pages. */
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

/** Lists of entries, one for each key, in one array: filled in ascending order of what is told. */
class Lists {
  /** While counting: how many entries a key has. Then: where its next entry goes, and at last where its list ends. */
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

  /** Keys that there are no lists for are left out, as they are by `addMany`. */
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
