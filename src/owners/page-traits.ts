import type { Pfn } from '../core/address.ts';

/** What the folio of a page is, in bits. */
export const TRAIT = {
  anonymous: 1,
  ksm: 2,
  swapBacked: 4,
  /** Anonymous, and given up by MADV_FREE, if no entry was written through since. */
  lazyFree: 8,
  /** Its struct page could be read. */
  known: 16,
} as const;

/** Tells what pages are. */
export interface PageTraits {
  /** Bits of TRAIT; 0 if nothing is known. */
  of(pfn: Pfn): number;
}

/** For those who ask for nothing that pages tell. */
export const NO_TRAITS: PageTraits = { of: () => 0 };
