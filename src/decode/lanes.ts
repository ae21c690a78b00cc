import type { PageTypes } from '../layout/page-types.ts';
import type { Address } from '../loops/loops.ts';

/**
 * Where the values of a column are in the memory of the loops, and how they are read: straight out of the struct pages where
 * they can be, so that nothing is copied for a column that is only filtered by or written.
 */
export type Lane =
  /** No page has a value. */
  | { readonly kind: 'empty'; readonly as: 'number' | 'word' }
  /** Signed 32 bits. */
  | { readonly kind: 'int'; readonly at: Address; readonly stride: number }
  /** The word of _mapcount and page_type: the map count is one more, and empty where it is a type. */
  | { readonly kind: 'mapcount'; readonly at: Address; readonly stride: number }
  /** (64-bit word >> shift) & mask: a number, or the code of a name. */
  | {
      readonly kind: 'field';
      readonly at: Address;
      readonly stride: number;
      readonly shift: number;
      readonly mask: number;
      readonly names?: readonly string[];
    }
  /** A whole 64-bit word. */
  | { readonly kind: 'word'; readonly at: Address; readonly stride: number }
  /** A 64-bit word that is a number, not an address. */
  | { readonly kind: 'count'; readonly at: Address }
  /** A whole number in a double. */
  | { readonly kind: 'double'; readonly at: Address }
  /** A byte that is a number; 255 is none. */
  | { readonly kind: 'byte'; readonly at: Address; readonly stride: number }
  /** The code of a name, in 8, 16 or 32 bits. */
  | {
      readonly kind: 'code';
      readonly at: Address;
      readonly stride: number;
      readonly bytes: 1 | 2 | 4;
      readonly names: readonly string[];
    }
  /** A set of names, a 64-bit word. */
  | { readonly kind: 'set'; readonly at: Address; readonly names: readonly string[] };

/** A word of a `mapcount` lane that stands for no count. */
export function noCount(types: PageTypes): number {
  return types.encoding === 'exact' ? types.values[0]!.value : -0x40000000;
}
