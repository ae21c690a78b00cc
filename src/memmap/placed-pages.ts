import type { Pfn, PhysAddr } from '../core/address.ts';
import { locate, type Range } from '../core/ranges.ts';
import { recordSize, swapRecords, widenRecords } from '../layout/record.ts';
import type { AddressSpace } from '../translate/address-space.ts';

/** Page frames whose struct pages are at a known place in physical memory, one after the other. */
export interface PlacedRange extends Range {
  /** The address of the struct page of `start`. */
  readonly first: PhysAddr;
}

/**
 * Reads a few struct pages at a time from anywhere in the page array, at the cost of one read each: it walks no page tables and
 * allocates no memory. PageReader is for many struct pages, and tells why it cannot read some.
 */
export class PlacedPages {
  readonly #space: AddressSpace;
  readonly #size: number;
  readonly #ranges: readonly PlacedRange[];
  readonly #memory: Uint8Array;
  readonly #records: Uint8Array;
  readonly #view: DataView;

  /** `ranges` are sorted and disjoint, `size` is sizeof(struct page), and `most` the struct pages of one read. */
  constructor(space: AddressSpace, ranges: readonly PlacedRange[], size: number, most: number) {
    this.#space = space;
    this.#size = size;
    this.#ranges = ranges;
    this.#records = new Uint8Array(most * recordSize(size, space.model));
    this.#memory = space.model.wordBytes === 8 ? this.#records : new Uint8Array(most * size);
    this.#view = new DataView(this.#records.buffer);
  }

  /**
   * The records (src/layout/record.ts) of `count` page frames from `pfn` on; undefined if they are not all in one place, or cannot be
   * read. The view holds them until the next read.
   */
  read(pfn: Pfn, count: number): DataView | undefined {
    const range = this.#ranges[locate(this.#ranges, pfn)];
    if (range === undefined || pfn < range.start || pfn + count > range.end) return undefined;
    const memory = this.#memory.subarray(0, count * this.#size);
    if (this.#space.memory.readInto(range.first + (pfn - range.start) * this.#size, memory) < memory.length)
      return undefined;
    const { wordBytes, littleEndian } = this.#space.model;
    if (wordBytes !== 8) widenRecords(memory, this.#records.subarray(0, memory.length * 2), littleEndian);
    else if (!littleEndian) swapRecords(memory);
    return this.#view;
  }
}
