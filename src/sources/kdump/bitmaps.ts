import type { PhysicalRun } from '../image-format.ts';

/** The state of a page in the two bitmaps. */
export type BitState = 'present' | 'excluded' | 'hole';

const POPCOUNT: Uint8Array = Uint8Array.from({ length: 256 }, (_, i) => {
  let bits = 0;
  for (let v = i; v; v >>= 1) bits += v & 1;
  return bits;
});

/** Distance between two entries of the directory of counts, in bytes. */
const STRIDE = 64;
/**
 * How far `around` looks in each direction, in bytes: far enough for bulk reads, but bounded for a terabyte in one state.
 */
const REACH = 4096;

/**
 * The bitmaps of a kdump file, one bit per page, lowest bit first. Bitmap 1 has the pages that are memory, bitmap 2 those
 * that are in the file. A file may have only the second.
 */
export class PageBitmaps {
  readonly pages: number;
  readonly #dumped: Uint8Array;
  readonly #memory: Uint8Array;
  readonly #counts: Float64Array;

  constructor(pages: number, dumped: Uint8Array, memory: Uint8Array = dumped) {
    this.pages = Math.min(pages, dumped.length * 8);
    const bytes = Math.ceil(this.pages / 8);
    this.#dumped = dumped.subarray(0, bytes);
    this.#memory = memory.subarray(0, bytes);
    if (this.pages % 8 !== 0 && bytes > 0) {
      // bits beyond the last page would be counted
      this.#dumped[bytes - 1]! &= (1 << (this.pages % 8)) - 1;
    }
    this.#counts = new Float64Array(Math.ceil(bytes / STRIDE) + 1);
    let count = 0;
    for (let i = 0; i < bytes; i++) {
      if (i % STRIDE === 0) this.#counts[i / STRIDE] = count;
      count += POPCOUNT[this.#dumped[i]!]!;
    }
    this.#counts[Math.ceil(bytes / STRIDE)] = count;
  }

  /** The same pages without those that bitmap 1 lacks. */
  intersected(): PageBitmaps {
    return new PageBitmaps(
      this.pages,
      this.#dumped.map((byte, i) => byte & (this.#memory[i] ?? 0)),
      this.#memory,
    );
  }

  sameDumped(other: PageBitmaps): boolean {
    return Buffer.compare(this.#dumped, other.#dumped) === 0;
  }

  /** Number of pages before `pfn` in the file. */
  rank(pfn: number): number {
    if (pfn >= this.pages) return this.#counts.at(-1)!;
    const byte = Math.floor(pfn / 8);
    const stride = Math.floor(byte / STRIDE);
    let count = this.#counts[stride]!;
    for (let i = stride * STRIDE; i < byte; i++) count += POPCOUNT[this.#dumped[i]!]!;
    return count + POPCOUNT[this.#dumped[byte]! & ((1 << (pfn % 8)) - 1)]!;
  }

  state(pfn: number): BitState {
    if (pfn >= this.pages) return 'hole';
    const byte = Math.floor(pfn / 8);
    const bit = 1 << (pfn % 8);
    if (this.#dumped[byte]! & bit) return 'present';
    return (this.#memory[byte] ?? 0) & bit ? 'excluded' : 'hole';
  }

  /** The pages around `pfn` in the same state, within a bounded distance. */
  around(pfn: number): { start: number; end: number; state: BitState } {
    const state = this.state(pfn);
    if (pfn >= this.pages) return { start: this.pages, end: Infinity, state };
    const end = this.#next(pfn, state, Math.min(this.pages, pfn + REACH * 8));
    let start = pfn;
    const least = Math.max(0, pfn - REACH * 8);
    while (start > least) {
      if (start % 8 === 0 && start - 8 >= least && this.#whole(start / 8 - 1, state)) start -= 8;
      else if (this.state(start - 1) === state) start--;
      else break;
    }
    return { start, end, state };
  }

  /** Every run in order, without holes; `blockSize` turns page frames into bytes. */
  *runs(blockSize: number): Generator<PhysicalRun> {
    let pfn = 0;
    while (pfn < this.pages) {
      const state = this.state(pfn);
      const end = this.#next(pfn, state, this.pages);
      if (state !== 'hole') yield { start: pfn * blockSize, end: end * blockSize, state };
      pfn = end;
    }
  }

  /** The first page from `pfn` on that is not in `state`, at most `limit`. */
  #next(pfn: number, state: BitState, limit: number): number {
    let at = pfn;
    while (at < limit) {
      if (at % 8 === 0 && at + 8 <= limit && this.#whole(at / 8, state)) at += 8;
      else if (this.state(at) === state) at++;
      else break;
    }
    return at;
  }

  #whole(byte: number, state: BitState): boolean {
    const dumped = this.#dumped[byte];
    if (state === 'present') return dumped === 0xff;
    return dumped === 0 && (this.#memory[byte] ?? 0) === (state === 'excluded' ? 0xff : 0);
  }
}
