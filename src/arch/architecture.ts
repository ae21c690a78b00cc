import type { DataModel } from '../core/data-model.ts';

/** A condition: the bits of an entry under `mask` must have a given value. */
export interface EntryTest {
  readonly mask: bigint;
  readonly is: bigint;
}

/** Bits of an entry that are address bits. `shift` moves them left, or right if it is negative. */
export interface AddressBits {
  readonly mask: bigint;
  readonly shift?: number;
}

/** How an entry points to the next table. */
export interface TableFormat {
  readonly when: EntryTest;
  readonly at: readonly AddressBits[];
  /**
   * For tables that may be partial (s390x): where the entry has the numbers of the first and the last piece of the next
   * table, each of `entries` entries.
   */
  readonly extent?: {
    readonly first: AddressBits;
    readonly last: AddressBits;
    readonly entries: number;
  };
}

/** How an entry maps memory itself: a page of 2 ** `shift` bytes. */
export interface LeafFormat {
  readonly when: EntryTest;
  readonly shift: number;
  readonly frame: readonly AddressBits[];
}

/** One level of page tables. An entry that is neither a table nor a leaf maps nothing. */
export interface PagingLevel {
  /** The kernel's name for the level: pgd, p4d, pud, pmd, pte. */
  readonly name: string;
  /** The lowest bit of the virtual address that indexes this level. */
  readonly shift: number;
  /** Number of bits of the virtual address that index this level. */
  readonly bits: number;
  readonly entryBytes: 4 | 8;
  readonly table?: TableFormat;
  /** Best first: more bits tell pages larger than the level's own. */
  readonly leaves: readonly LeafFormat[];
}

/** A range of virtual addresses that is contiguous in physical memory and has no page tables. */
export interface LinearRegion {
  readonly start: bigint;
  readonly size: bigint;
  readonly physical: number;
}

/** Virtual addresses whose bits under `mask` equal `is`. */
export type AddressPattern = EntryTest;

/** One paging mode of an architecture. */
export interface PagingMode {
  readonly name: string;
  /** A page frame has 2 ** pageShift bytes. */
  readonly pageShift: number;
  /** Levels from the root down; empty if the kernel's own memory does not use page tables. */
  readonly levels: readonly PagingLevel[];
  /** The byte order of entries, which can differ from that of the kernel. */
  readonly littleEndianEntries: boolean;
  /** The addresses that these tables translate. */
  readonly addresses: readonly AddressPattern[];
  readonly regions?: readonly LinearRegion[];
  /** Values that VMCOREINFO has in this mode, if it has these lines at all. */
  readonly stated?: readonly { readonly name: string; readonly values: readonly bigint[] }[];
  /** Bits of a physical address that the kernel supports in this mode (MAX_PHYSMEM_BITS), unless VMCOREINFO has it. */
  readonly maxPhysicalBits: number;
  /** SECTION_SIZE_BITS, for kernels whose VMCOREINFO lacks it. */
  readonly sectionSizeBits: number;
  /** Whether a list in the kernel's memory has the pages of vmemmap (hash MMU of ppc64). */
  readonly vmemmapList?: true;
  /** The start of the page array without KASLR, and its alignment in any case. */
  readonly vmemmap?: { readonly base: bigint; readonly alignment: bigint };
}

/** Virtual minus physical address of the kernel image: a constant plus and minus lines of VMCOREINFO. */
export interface ImageOffset {
  readonly constant?: bigint;
  readonly plus?: readonly string[];
  readonly minus?: readonly string[];
  /** Whether to subtract the start of RAM. */
  readonly minusRam?: true;
}

/** The name of a flag bit of a page table entry. */
export interface EntryFlag {
  readonly bit: number;
  readonly name: string;
  /** Entries that have the flag: leaves, at the lowest level or above; all entries by default. */
  readonly of?: 'leaf' | 'lowest' | 'large';
}

/**
 * SEAM: an architecture, as numbers without algorithms. To add one: write `src/arch/<name>.ts` with such an object, add it
 * to the list in `registry.ts`, and write a page table test as text (test/translate/).
 */
export interface Architecture extends DataModel {
  /** Its folder in layouts/. */
  readonly name: string;
  /** e_machine of its ELF files. */
  readonly elfMachine: number;
  /** Its names in `init_uts_ns` (uname -m). */
  readonly uname: readonly string[];
  /** Paging modes, best first. VMCOREINFO and trial decide which one a dump uses. */
  readonly pagingModes: readonly PagingMode[];
  /**
   * The member of mm_struct that tells how many bytes the page tables of a process translate; they are in the mode that
   * translates as many. Without it they are in the kernel's mode.
   */
  readonly processLimit?: string;
  /** Flag bits of an entry in ascending order. */
  readonly entryFlags?: readonly EntryFlag[];
  readonly image: {
    /** Virtual minus physical address of the kernel image, best first. A rule is skipped if VMCOREINFO lacks its lines. */
    readonly offsets: readonly ImageOffset[];
    /** The image is part of the direct map (lowmem) and shares its offset. */
    readonly isInDirectMap?: true;
    /** The window that always contains the image, if there is one: a scan can look for kernels there. */
    readonly window?: {
      readonly base: bigint;
      readonly size: bigint;
      /** The link address of the image, unless configured otherwise. */
      readonly linkedAt: bigint;
    };
  };
  /** Symbols of the kernel's root page table, best first. */
  readonly rootSymbols: readonly string[];
  /** The line of VMCOREINFO with the bits of an entry that are not part of the address (AMD SME's C-bit). */
  readonly ignoredBits?: string;
  /** The start of the direct map without KASLR, newest first: what people subtract from addresses by mistake. */
  readonly directMaps?: readonly bigint[];
  /** The physical address that holds the address of an ELF note with VMCOREINFO (the lowcore of s390x). */
  readonly vmcoreinfoNoteAt?: number;
}
