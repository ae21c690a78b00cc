import type { Pfn, VirtAddr } from '../core/address.ts';
import type { Range } from '../core/ranges.ts';
import type { Sections } from './sections.ts';

/** Where the struct page of each page frame lives: pfn <-> address of its struct page. */
export interface MemoryModel {
  readonly kind: 'SPARSEMEM_VMEMMAP' | 'SPARSEMEM';
  /** A page frame has 2 ** pageShift bytes. */
  readonly pageShift: number;
  /** sizeof(struct page). */
  readonly pageSize: number;
  /** Pfns that have a struct page, sorted and disjoint. */
  readonly present: readonly Range[];
  /** Pfns that are online: plugged in, and of a subsection that holds memory. */
  readonly online: readonly Range[];
  /** vmemmap: address of the struct page of pfn 0. undefined for plain SPARSEMEM. */
  readonly base: VirtAddr | undefined;
  /** What the model was made of. */
  readonly sections: Sections;
  /** What `present` and `base` come from, in words. */
  readonly from: string;
  readonly sectionSizeBits: number;
  readonly maxPhysicalBits: number;
  /** Number of pages of a section. */
  readonly pagesPerSection: number;
  /** Address of the struct page of a pfn, whether it is present or not (undefined if its section is not, without vmemmap). */
  addressOf(pfn: Pfn): VirtAddr | undefined;
  /** The pfn whose struct page is at (or around) this address, if it is one of the array's. */
  pfnOf(address: VirtAddr): Pfn | undefined;
  /** Neighbouring pfns whose struct pages are neighbours in virtual memory too, with the address of the first. */
  stretches(range: Range): { readonly start: Pfn; readonly end: Pfn; readonly address: VirtAddr }[];
}
