import type { Pfn, PhysAddr } from '../core/address.ts';
import type { AddressSpace } from '../translate/address-space.ts';
import type { MemoryModel } from './memory-model.ts';

/** Struct pages that are contiguous in physical memory. */
export interface PageLine {
  readonly start: Pfn;
  readonly end: Pfn;
  /** Physical address of the first. */
  readonly physical: PhysAddr;
}

/**
 * Finds struct pages in physical memory. It walks the page tables for many batches at once, so that a batch costs one
 * comparison and one read. For memory that does not change only.
 */
export class PageLines {
  readonly #space: AddressSpace;
  readonly #model: MemoryModel;
  readonly #ahead: number;
  #lines: readonly PageLine[] = [];
  #index = 0;
  /** The pfns for which the page tables have been walked. */
  #end: Pfn = 0;
  #start: Pfn = 0;

  /** `ahead` is the number of pages for which the page tables are walked at once. */
  constructor(space: AddressSpace, model: MemoryModel, ahead: number) {
    this.#space = space;
    this.#model = model;
    this.#ahead = ahead;
  }

  /** The line with the struct page of `pfn`; undefined if the struct page is split, not mapped, or missing. */
  at(pfn: Pfn): PageLine | undefined {
    const known = this.#lines[this.#index];
    if (known && pfn >= known.start && pfn < known.end) return known;
    if (pfn < this.#start || pfn >= this.#end) this.#walk(pfn);
    this.#index = this.#lines.findIndex((line) => pfn >= line.start && pfn < line.end);
    return this.#lines[this.#index];
  }

  #walk(pfn: Pfn): void {
    this.#lines = [];
    this.#start = this.#end = pfn;
    const [stretch] = this.#model.stretches({ start: pfn, end: pfn + this.#ahead });
    if (stretch?.start !== pfn) return;
    // what the source provides by virtual address takes precedence over the page tables
    if (this.#space.direct(stretch.address, new Uint8Array(1)) > 0) return;
    const size = this.#model.pageSize;
    const pages = stretch.end - pfn;
    const lines: PageLine[] = [];
    for (const { offset, length, physical } of this.#space.walker.mappedRuns(stretch.address, pages * size)) {
      if (physical === undefined) continue;
      const first = Math.ceil(offset / size);
      const end = Math.floor((offset + length) / size);
      if (end > first) {
        lines.push({ start: pfn + first, end: pfn + end, physical: physical + first * size - offset });
      }
    }
    this.#lines = lines;
    this.#end = stretch.end;
  }
}
