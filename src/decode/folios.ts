import { CONSTANTS } from '../loops/abi.ts';

/** The folio of each page of a batch, from the folio pass. All arrays are indexed by page of the batch. */
export interface Folios {
  /** Pfn of the head; heads and single pages have their own. */
  readonly head: Float64Array;
  /** Order of the folio; UNKNOWN_ORDER if its head could not be read. */
  readonly order: Uint8Array;
  /** Code of the page type in `PageTypeDecoder.names`, shared with the head and by all pages of a free block. */
  readonly type: Uint8Array;
  /** Code in MAPPING_KINDS, shared with the head. */
  readonly kind: Uint8Array;
  /** Order of the free block; NOT_FREE for pages that are not free. */
  readonly freeOrder: Uint8Array;
  /** Code of the slab cache in `SlabCaches.names`. */
  readonly cache: Uint16Array;
  /** PLAIN, TAIL, SECOND (the tail after the head) or FAKE_HEAD. */
  readonly place: Uint8Array;
}

export const UNKNOWN_ORDER: number = CONSTANTS.Order.unknown;
export const NOT_FREE: number = CONSTANTS.Order.notFree;
export const PLAIN: number = CONSTANTS.Place.plain;
export const TAIL: number = CONSTANTS.Place.tail;
export const SECOND: number = CONSTANTS.Place.second;
/** A tail whose struct page is a second mapping of the head's (hugetlb vmemmap optimisation, 5.18 to 7.0). */
export const FAKE_HEAD: number = CONSTANTS.Place.fakeHead;
