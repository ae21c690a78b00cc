import type { Pfn } from '../core/address.ts';

const BLOCK_SHIFT = 9;
const BLOCK = 1 << BLOCK_SHIFT;
const NONE = new Uint32Array(0);

/**
 * The number of mappings of each page frame: 4 bytes for each page in blocks of 512 with single mapped pages, and 4 bytes
 * for each block.
 */
export class MapCounts {
  /** Counts of single pages, by block. */
  readonly #blocks: (Uint32Array | undefined)[] = [];
  /** Counts of whole blocks. */
  readonly #whole: Uint32Array;

  /** `limit` is the first pfn after the last page; frames beyond it are not counted. */
  constructor(limit: Pfn) {
    this.#whole = new Uint32Array(Math.ceil(limit / BLOCK));
  }

  add(pfn: Pfn, count: number): void {
    const end = Math.min(pfn + count, this.#whole.length * BLOCK);
    for (let at = pfn; at < end; ) {
      const block = Math.floor(at / BLOCK);
      if (at % BLOCK === 0 && at + BLOCK <= end) {
        this.#whole[block]!++;
        at += BLOCK;
      } else {
        this.#blockAt(block)[at % BLOCK]!++;
        at++;
      }
    }
  }

  /** Adds single pages. */
  addMany(frames: Uint32Array, count: number): void {
    const limit = this.#whole.length * BLOCK;
    let last = -1;
    let counts: Uint32Array = NONE;
    for (let i = 0; i < count; i++) {
      const pfn = frames[i]!;
      if (pfn >= limit) continue;
      const block = pfn >>> BLOCK_SHIFT;
      if (block !== last) {
        counts = this.#blockAt(block);
        last = block;
      }
      counts[pfn & (BLOCK - 1)]!++;
    }
  }

  get(pfn: Pfn): number {
    const block = Math.floor(pfn / BLOCK);
    return (this.#whole[block] ?? 0) + (this.#blocks[block]?.[pfn % BLOCK] ?? 0);
  }

  /** A lower bound for the number of pages from `pfn` on, at most `count`, that have the same count. */
  alike(pfn: Pfn, count: number): number {
    const left = BLOCK - (pfn % BLOCK);
    return this.#blocks[Math.floor(pfn / BLOCK)] === undefined ? Math.min(left, count) : 1;
  }

  #blockAt(block: number): Uint32Array {
    let counts = this.#blocks[block];
    if (!counts) {
      counts = new Uint32Array(BLOCK);
      this.#blocks[block] = counts;
    }
    return counts;
  }
}
