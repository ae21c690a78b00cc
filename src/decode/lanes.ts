import type { PageTypes } from '../layout/page-types.ts';
import { CONSTANTS } from '../loops/abi.ts';
import type { Address } from '../loops/loops.ts';

/**
 * The place of a column's values in the memory of the loops, and how to read them. Where possible this is the struct pages
 * themselves, so that a column that is only filtered by or written as text is not copied.
 */
export type Lane =
  /** No page has a value. */
  | { readonly kind: 'empty'; readonly as: 'number' | 'word' }
  /** A signed 32-bit number. */
  | { readonly kind: 'int'; readonly at: Address; readonly stride: number }
  /**
   * The word of _mapcount and page_type. The map count is one more than the word; it is empty if the word is a page type.
   */
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
  /** A 64-bit number that is not an address. */
  | { readonly kind: 'count'; readonly at: Address }
  /** A signed 64-bit number, or an unsigned word; NOTHING means none. */
  | { readonly kind: 'optional'; readonly at: Address; readonly as: 'number' | 'word' }
  /** A whole number in a double. */
  | { readonly kind: 'double'; readonly at: Address }
  /** A byte that is a number; 255 means none. */
  | { readonly kind: 'byte'; readonly at: Address; readonly stride: number }
  /** The code of a name in 8, 16 or 32 bits. */
  | {
      readonly kind: 'code';
      readonly at: Address;
      readonly stride: number;
      readonly bytes: 1 | 2 | 4;
      readonly names: readonly string[];
    }
  /** A set of names in a 64-bit word. */
  | { readonly kind: 'set'; readonly at: Address; readonly names: readonly string[] };

/** The word of a `mapcount` lane that means no count. */
export function noCount(types: PageTypes): number {
  return types.encoding === 'exact' ? types.values[0]!.value : -0x40000000;
}

/** The value of an `optional` lane that means none. */
export const NOTHING: bigint =
  (BigInt.asUintN(32, BigInt(CONSTANTS.Nothing.high)) << 32n) | BigInt(CONSTANTS.Nothing.low);

/** Writes a whole number of up to 53 bits to an `optional` lane, whose halves are in `halves`; undefined is none. */
export function putOptional(halves: Int32Array, index: number, value: number | undefined): void {
  halves[2 * index] = value ?? CONSTANTS.Nothing.low;
  halves[2 * index + 1] = value === undefined ? CONSTANTS.Nothing.high : Math.floor(value / 2 ** 32);
}
