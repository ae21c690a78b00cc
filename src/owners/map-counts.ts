import type { Pfn } from '../core/address.ts';

const BLOCK_SHIFT = 9;
const BLOCK = 1 << BLOCK_SHIFT;
const NONE = new Uint32Array(0);

/** How often each page frame is mapped: 4 bytes for each page of those blocks of 512 that single pages are mapped of, and 4 for each block. */
export class MapCounts {
  /** Of single pages, by block. */
  readonly #blocks: (Uint32Array | undefined)[] = [];
  /** Of whole blocks. */
  readonly #whole: Uint32Array;

  /** `limit` is the first pfn behind the last page: frames beyond it are not counted. */
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

  /** Single pages. */
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

  /** How many pages from `pfn` on, `count` at most, are mapped as often as it is for certain. */
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
