import type { LazyTable } from './lazy-table.ts';

/** How an entry of kallsyms_offsets becomes an address. */
export interface Decoding {
  readonly name: string;
  address(index: number): bigint;
}

/**
 * How kernels store addresses (kernel/kallsyms.c, kallsyms_sym_address):
 * - relative: kallsyms_relative_base plus an unsigned distance; without per-CPU symbols, 4.6 to 7.0;
 * - per-CPU absolute: distances of 0 and more are absolute (per-CPU offsets), negative ones are -1 minus the distance from
 *   the base (CONFIG_KALLSYMS_ABSOLUTE_PERCPU: x86 SMP, up to 6.14);
 * - place-relative: signed, from the place of the entry itself, since 7.1;
 * - absolute: whole addresses (kallsyms_addresses), without CONFIG_KALLSYMS_BASE_RELATIVE, up to 6.11.
 *
 * Nothing in the tables tells which; the address of a known symbol does. Addresses have `wordBytes` bytes.
 */
export function decodings(
  offsets: LazyTable,
  absolute: LazyTable,
  bases: readonly bigint[],
  wordBytes: 4 | 8,
): Decoding[] {
  const wrap = (address: bigint): bigint => BigInt.asUintN(wordBytes * 8, address);
  const signed = (index: number): bigint => BigInt(offsets.u32(index * 4) | 0);
  const out: Decoding[] = [];
  for (const base of bases) {
    out.push({
      name: 'relative to a base',
      address: (index) => wrap(base + BigInt(offsets.u32(index * 4))),
    });
    out.push({
      name: 'relative to a base, per-CPU symbols absolute',
      address: (index) => {
        const value = signed(index);
        return value >= 0n ? value : wrap(base - 1n - value);
      },
    });
  }
  out.push({
    name: 'relative to the place of the entry',
    address: (index) => wrap(offsets.address + BigInt(index * 4) + signed(index)),
  });
  out.push({ name: 'absolute', address: (index) => absolute.word(index * wordBytes, wordBytes) });
  return out;
}
