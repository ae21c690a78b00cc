/**
 * The three kinds of number that this project is about, kept apart by name:
 * a virtual address is a bigint (its top bits are set); a physical address has at most 52 bits on every
 * architecture we read and is a number; a page frame number (pfn) is a number.
 */
export type VirtAddr = bigint;
export type PhysAddr = number;
export type Pfn = number;

/** No architecture has smaller pages: what is damaged or missing is passed over by as much. */
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

/** The unsigned 64-bit word whose two halves are given, low first. */
export function word(low: number, high: number): bigint {
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}
