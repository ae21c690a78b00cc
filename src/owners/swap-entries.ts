/** How an architecture writes the entries of processes that are not in memory, and those that must not be touched. */
export interface UserEntryFormat {
  /** The architecture of src/arch that it is of. */
  readonly architecture: string;
  /** Bits by which an entry without the valid bit is in memory all the same: PROT_NONE, NUMA hints, tables being split. */
  readonly hidden: { readonly lowest: bigint; readonly upper: bigint };
  /** The frame of a hidden entry is written inverted (L1TF). */
  readonly invertsHidden: boolean;
  /** The frame in a hidden entry. */
  readonly frame: bigint;
  /** Set in entries of the lowest level whose page is nobody's: the zero page, pages without reference counts. */
  readonly special: bigint;
  /** Set, any of them, in entries through which memory was written; where it is known. */
  readonly dirty?: bigint;
  /** Swap entries: where the type and the offset are. */
  readonly swap: {
    readonly typeShift: bigint;
    readonly typeBits: bigint;
    readonly offsetShift: bigint;
    readonly offsetBits: bigint;
    readonly invertsOffset: boolean;
  };
}

/** By architecture; processes of others cannot be walked. */
export const USER_ENTRY_FORMATS: readonly UserEntryFormat[] = [
  // arch/x86/include/asm/pgtable_types.h, pgtable_64.h, pgtable-invert.h
  {
    architecture: 'x86_64',
    hidden: { lowest: 0x100n, upper: 0x180n },
    invertsHidden: true,
    frame: 0x000ffffffffff000n,
    special: 0x200n,
    // _PAGE_DIRTY, and _PAGE_SAVED_DIRTY of shadow stacks
    dirty: (1n << 57n) | 0x40n,
    swap: { typeShift: 59n, typeBits: 5n, offsetShift: 9n, offsetBits: 50n, invertsOffset: true },
  },
];

/** What an entry says that maps nothing. */
export type AbsentEntry =
  | { readonly kind: 'hidden'; readonly physical: number }
  | { readonly kind: 'swap'; readonly type: number; readonly offset: bigint };

/** Reads an entry that the processor takes for invalid; it is not 0. */
export function absentEntry(format: UserEntryFormat, entry: bigint, lowest: boolean): AbsentEntry {
  const hidden = lowest ? format.hidden.lowest : format.hidden.upper;
  if ((entry & hidden) !== 0n) {
    const physical = (format.invertsHidden ? ~entry : entry) & format.frame;
    return { kind: 'hidden', physical: Number(physical) };
  }
  const { typeShift, typeBits, offsetShift, offsetBits, invertsOffset } = format.swap;
  const type = Number((entry >> typeShift) & ((1n << typeBits) - 1n));
  const from = invertsOffset ? ~entry : entry;
  return { kind: 'swap', type, offset: (from >> offsetShift) & ((1n << offsetBits) - 1n) };
}
