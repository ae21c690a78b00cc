import type { Pfn, VirtAddr } from '../core/address.ts';
import type { Range } from '../core/ranges.ts';
import type { Sections } from './sections.ts';

/** Converts between a pfn and the address of its struct page. */
export interface MemoryModel {
  readonly kind: 'SPARSEMEM_VMEMMAP' | 'SPARSEMEM' | 'FLATMEM';
  /** A page frame has 2 ** pageShift bytes. */
  readonly pageShift: number;
  /** sizeof(struct page). */
  readonly pageSize: number;
  /** Pfns with a struct page, sorted and disjoint. */
  readonly present: readonly Range[];
  /** Online pfns: plugged in, and in a subsection that holds memory. */
  readonly online: readonly Range[];
  /**
   * Address of the struct page of pfn 0 in vmemmap, or where it would be with FLATMEM: below 0 if memory begins far above 0. Undefined
   * for SPARSEMEM without vmemmap.
   */
  readonly base: VirtAddr | undefined;
  /** The origin of the model. */
  readonly sections: Sections;
  /** The sources of `present` and `base`, in words. */
  readonly from: string;
  readonly sectionSizeBits: number;
  readonly maxPhysicalBits: number;
  /** Number of pages per section. */
  readonly pagesPerSection: number;
  /** Address of the struct page of a pfn, present or not; undefined without vmemmap if the section is not present. */
  addressOf(pfn: Pfn): VirtAddr | undefined;
  /** The pfn whose struct page contains this address, if the array does. */
  pfnOf(address: VirtAddr): Pfn | undefined;
  /** Runs of pfns whose struct pages are contiguous in virtual memory, with the address of the first. */
  stretches(range: Range): { readonly start: Pfn; readonly end: Pfn; readonly address: VirtAddr }[];
}
