/**
 * The three kinds of number in this project have distinct names. A virtual address is a bigint, since its top bits are set.
 * A physical address has at most 52 bits on every supported architecture and is a number. A page frame number (pfn) is a
 * number.
 */
export type VirtAddr = bigint;
export type PhysAddr = number;
export type Pfn = number;

/** The smallest page of any architecture: damaged or missing memory is skipped in units of it. */
export const SMALLEST_PAGE = 4096;

const U64 = 0xffffffffffffffffn;

/** Wraps to 64 bits, as C does. */
export function u64(value: bigint): bigint {
  return value & U64;
}

/** `0x` and the digits, no padding. */
export function hex(value: bigint | number): string {
  return `0x${value.toString(16)}`;
}

/** Joins the two halves of an unsigned 64-bit word, low half first. */
export function word(low: number, high: number): bigint {
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}
