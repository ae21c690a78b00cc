import type { Pfn } from '../core/address.ts';

/** Bits that describe the folio of a page. */
export const TRAIT = {
  anonymous: 1,
  ksm: 2,
  swapBacked: 4,
  /** Anonymous and marked by MADV_FREE, unless an entry was written through since. */
  lazyFree: 8,
  /** Its struct page could be read. */
  known: 16,
} as const;

/** Tells what pages are. */
export interface PageTraits {
  /** Bits of TRAIT; 0 if nothing is known. */
  of(pfn: Pfn): number;
}

/** For callers that need no traits. */
export const NO_TRAITS: PageTraits = { of: () => 0 };
