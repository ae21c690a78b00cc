import type { EntryTest } from '../arch/architecture.ts';

/** The place of the swap file's number and of the page number in a swap entry. */
export interface SwapFormat {
  readonly typeShift: bigint;
  readonly typeBits: bigint;
  /** `page`: the number of bits of an offset within a page. */
  readonly offsetShift: bigint | 'page';
  readonly offsetBits: bigint;
  readonly invertsOffset?: true;
}

/** Entries of one level that are invalid to the processor. */
interface InvalidEntries {
  /** The kernel's empty entry, if it is not 0. */
  readonly none?: bigint;
  /**
   * Entries that map memory nevertheless: PROT_NONE, NUMA hints, pages not used lately, tables being split. Any of the
   * tests suffices.
   */
  readonly hidden: readonly EntryTest[];
}

/** The format of user entries that are invalid to the processor. */
export interface UserEntryFormat {
  /** The name of the architecture in src/arch. */
  readonly architecture: string;
  readonly lowest: InvalidEntries;
  readonly upper: InvalidEntries;
  /** Whether the frame of a hidden entry is stored inverted (L1TF). */
  readonly invertsHidden?: true;
  /** Bits of lowest-level entries whose page has no owner: the zero page, pages without reference counts. */
  readonly special: bigint;
  /** Bits, any of which means that memory was written through the entry; undefined if unknown. */
  readonly dirty?: bigint;
  /** Newest first; the kernel's entries tell which one it uses. */
  readonly swap: readonly [SwapFormat, ...SwapFormat[]];
}

function set(bits: bigint): EntryTest {
  return { mask: bits, is: bits };
}

/** By architecture. On others, entries that are invalid to the processor are left out and reported. */
export const USER_ENTRY_FORMATS: readonly UserEntryFormat[] = [
  // arch/x86/include/asm/pgtable_types.h, pgtable_64.h, pgtable-invert.h
  {
    architecture: 'x86_64',
    lowest: { hidden: [set(0x100n)] },
    upper: { hidden: [set(0x100n), set(0x80n)] },
    invertsHidden: true,
    special: 0x200n,
    // _PAGE_DIRTY, and _PAGE_SAVED_DIRTY of shadow stacks
    dirty: (1n << 57n) | 0x40n,
    swap: [{ typeShift: 59n, typeBits: 5n, offsetShift: 9n, offsetBits: 50n, invertsOffset: true }],
  },
  // arch/arm64/include/asm/pgtable.h, pgtable-prot.h: bit 1 outlives the valid bit in pages, but not in blocks, which have bit 11
  // since 6.11, and bit 58 or 59 before
  {
    architecture: 'arm64',
    lowest: { hidden: [{ mask: 0x3n, is: 0x2n }] },
    upper: { hidden: [set(1n << 11n), set(1n << 58n), set(1n << 59n)] },
    special: 1n << 56n,
    dirty: 1n << 55n,
    swap: [
      { typeShift: 6n, typeBits: 5n, offsetShift: 12n, offsetBits: 50n },
      { typeShift: 3n, typeBits: 5n, offsetShift: 8n, offsetBits: 50n },
      { typeShift: 2n, typeBits: 6n, offsetShift: 8n, offsetBits: 50n },
    ],
  },
  // arch/riscv/include/asm/pgtable.h, pgtable-bits.h: PROT_NONE is the global bit; readable, writable or executable blocks
  {
    architecture: 'riscv64',
    lowest: { hidden: [set(0x20n)] },
    upper: { hidden: [set(0x20n), set(0x2n), set(0x4n), set(0x8n)] },
    special: 0x100n,
    dirty: 0x80n,
    swap: [
      { typeShift: 7n, typeBits: 5n, offsetShift: 12n, offsetBits: 52n },
      { typeShift: 2n, typeBits: 5n, offsetShift: 7n, offsetBits: 57n },
    ],
  },
  // arch/s390/include/asm/pgtable.h: pages not used lately are invalid, too, and have the bit of those that are present
  {
    architecture: 's390x',
    lowest: { none: 0x400n, hidden: [set(0x1n)] },
    upper: { none: 0x20n, hidden: [set(0x420n)] },
    special: 0x40n,
    dirty: 0x8n,
    swap: [{ typeShift: 2n, typeBits: 5n, offsetShift: 12n, offsetBits: 52n }],
  },
  // arch/powerpc/include/asm/book3s/64/pgtable.h: _PAGE_PTE with _PAGE_INVALID
  {
    architecture: 'ppc64le',
    lowest: { hidden: [set((1n << 61n) | (1n << 62n))] },
    upper: { hidden: [set((1n << 61n) | (1n << 62n))] },
    special: 0x400n,
    dirty: 0x80n,
    swap: [{ typeShift: 0n, typeBits: 5n, offsetShift: 'page', offsetBits: 41n }],
  },
];

/** The meaning of an entry that is invalid to the processor. */
export type InvalidEntry = 'none' | 'hidden' | 'swap';

/** Classifies an entry that is invalid to the processor and not 0. */
export function kindOfInvalid(format: UserEntryFormat, entry: bigint, lowest: boolean): InvalidEntry {
  const { none, hidden } = lowest ? format.lowest : format.upper;
  if (entry === none) return 'none';
  return hidden.some(({ mask, is }) => (entry & mask) === is) ? 'hidden' : 'swap';
}

/**
 * The number of the swap file and the page in it. Large numbers are markers, and pages that are under migration or
 * poisoned.
 */
export function swapEntry(
  { typeShift, typeBits, offsetShift, offsetBits, invertsOffset }: SwapFormat,
  entry: bigint,
  pageShift: number,
): { type: number; offset: bigint } {
  const type = Number((entry >> typeShift) & ((1n << typeBits) - 1n));
  const shift = offsetShift === 'page' ? BigInt(pageShift) : offsetShift;
  const offset = ((invertsOffset ? ~entry : entry) >> shift) & ((1n << offsetBits) - 1n);
  return { type, offset };
}

/**
 * Chooses the format by which most entries are within a swap file, given the sizes of swap files in pages; the newest if
 * none is.
 */
export function likeliestSwapFormat(
  formats: readonly SwapFormat[],
  entries: Iterable<bigint>,
  sizes: readonly number[],
  pageShift: number,
): SwapFormat | undefined {
  const within = formats.map(() => 0);
  for (const entry of entries) {
    formats.forEach((format, i) => {
      const { type, offset } = swapEntry(format, entry, pageShift);
      if (offset > 0n && offset < BigInt(sizes[type] ?? 0)) within[i]!++;
    });
  }
  return formats[within.indexOf(Math.max(...within))];
}
