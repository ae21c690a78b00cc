import { CONSTANTS } from '../loops/abi.ts';

/** What the pages of a batch are parts of, as the folio pass of the loops found it; all is indexed by page of the batch. */
export interface Folios {
  /** Pfn of the head; the page's own for heads and single pages. */
  readonly head: Float64Array;
  /** Order of the folio; UNKNOWN_ORDER where its head could not be read. */
  readonly order: Uint8Array;
  /** Code of the page type, as `PageTypeDecoder.names`; shared with the head, and by all pages of a free block. */
  readonly type: Uint8Array;
  /** Code in MAPPING_KINDS, shared with the head. */
  readonly kind: Uint8Array;
  /** Order of the free block; NOT_FREE for pages that are in none. */
  readonly freeOrder: Uint8Array;
  /** Code of the slab cache, as `SlabCaches.names`. */
  readonly cache: Uint16Array;
  /** PLAIN, TAIL, SECOND (the tail right behind the head) or FAKE_HEAD. */
  readonly place: Uint8Array;
}

export const UNKNOWN_ORDER: number = CONSTANTS.Order.unknown;
export const NOT_FREE: number = CONSTANTS.Order.notFree;
export const PLAIN: number = CONSTANTS.Place.plain;
export const TAIL: number = CONSTANTS.Place.tail;
export const SECOND: number = CONSTANTS.Place.second;
/** A tail whose struct page is a second mapping of its head's (hugetlb vmemmap optimisation, 5.18 to 7.0). */
export const FAKE_HEAD: number = CONSTANTS.Place.fakeHead;
