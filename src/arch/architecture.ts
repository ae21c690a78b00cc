import type { DataModel } from '../core/data-model.ts';

/** What the bits of an entry under `mask` have to be. */
export interface EntryTest {
  readonly mask: bigint;
  readonly is: bigint;
}

/** Bits of an entry that are bits of an address; `shift` moves them to the left, or to the right if it is negative. */
export interface AddressBits {
  readonly mask: bigint;
  readonly shift?: number;
}

/** How an entry names the next table. */
export interface TableFormat {
  readonly when: EntryTest;
  readonly at: readonly AddressBits[];
  /**
   * The entry says which part of the next table there is: the numbers of the first and the last piece, each of `entries`
   * entries (s390x).
   */
  readonly extent?: {
    readonly first: AddressBits;
    readonly last: AddressBits;
    readonly entries: number;
  };
}

/** How an entry maps memory itself, 2 ** `shift` bytes of it. */
export interface LeafFormat {
  readonly when: EntryTest;
  readonly shift: number;
  readonly frame: readonly AddressBits[];
}

/** One level of a page table. An entry that is neither a table nor a leaf by these maps nothing. */
export interface PagingLevel {
  /** The kernel's name of it: pgd, p4d, pud, pmd, pte. */
  readonly name: string;
  /** The lowest bit of the virtual address that indexes this level. */
  readonly shift: number;
  /** How many bits of the virtual address index this level. */
  readonly bits: number;
  readonly entryBytes: 4 | 8;
  readonly table?: TableFormat;
  /** Best first: larger pages than the level's own are told by more bits. */
  readonly leaves: readonly LeafFormat[];
}

/** A stretch of virtual addresses that lies in one piece of physical memory without page tables. */
export interface LinearRegion {
  readonly start: bigint;
  readonly size: bigint;
  readonly physical: number;
}

/** Virtual addresses whose bits under `mask` are those of `is`. */
export type AddressPattern = EntryTest;

/** One way in which an architecture can lay out its page tables. */
export interface PagingMode {
  readonly name: string;
  /** A page frame has 2 ** pageShift bytes. */
  readonly pageShift: number;
  /** The root first; none where page tables are not used for the kernel's own memory. */
  readonly levels: readonly PagingLevel[];
  /** The byte order of entries, which may not be that of the kernel. */
  readonly littleEndianEntries: boolean;
  /** The addresses that these tables translate. */
  readonly addresses: readonly AddressPattern[];
  readonly regions?: readonly LinearRegion[];
  /** Lines of VMCOREINFO that a kernel in this mode has, if it has them at all. */
  readonly stated?: readonly { readonly name: string; readonly values: readonly bigint[] }[];
  /** Bits of a physical address that the kernel reckons with in this mode (MAX_PHYSMEM_BITS), unless VMCOREINFO says it. */
  readonly maxPhysicalBits: number;
  /** SECTION_SIZE_BITS, for kernels that do not say it in VMCOREINFO. */
  readonly sectionSizeBits: number;
  /** The pages of vmemmap are told by a list in the kernel's memory (hash MMU of ppc64). */
  readonly vmemmapList?: true;
  /** Where the page array begins unless KASLR moves it, and what it is a multiple of in any case. */
  readonly vmemmap?: { readonly base: bigint; readonly alignment: bigint };
}

/** How far the kernel's image lies above its physical place: a constant plus and minus lines of VMCOREINFO. */
export interface ImageOffset {
  readonly constant?: bigint;
  readonly plus?: readonly string[];
  readonly minus?: readonly string[];
  /** Minus the place where RAM begins. */
  readonly minusRam?: true;
}

/** A flag bit of a page table entry, for people. */
export interface EntryFlag {
  readonly bit: number;
  readonly name: string;
  /** Entries that have it: those that map memory, of the lowest level or of a higher one; all if not given. */
  readonly of?: 'leaf' | 'lowest' | 'large';
}

/**
 * SEAM: an architecture, as numbers; it has no algorithm. To add one: write `src/arch/<name>.ts` with such an
 * object, put it into the list of `registry.ts`, and write a page-table test as text (test/translate/).
 */
export interface Architecture extends DataModel {
  /** The folder below layouts/. */
  readonly name: string;
  /** e_machine of its ELF files. */
  readonly elfMachine: number;
  /** What its kernels call themselves in `init_uts_ns` (uname -m). */
  readonly uname: readonly string[];
  /** Best first; which one a dump uses is decided by VMCOREINFO and by trying. */
  readonly pagingModes: readonly PagingMode[];
  /** Flag bits of an entry in ascending order. */
  readonly entryFlags?: readonly EntryFlag[];
  readonly image: {
    /** virtual - physical of the kernel's own image, best first; one whose lines VMCOREINFO lacks is passed over. */
    readonly offsets: readonly ImageOffset[];
    /** The window in which the image always lies, where there is one: kernels can be looked for in it. */
    readonly window?: {
      readonly base: bigint;
      readonly size: bigint;
      /** Where it is linked to lie unless it is configured otherwise. */
      readonly linkedAt: bigint;
    };
  };
  /** Symbols that may name the kernel's root page table, best first. */
  readonly rootSymbols: readonly string[];
  /** The line of VMCOREINFO with bits of an entry that are no address although the format says so (AMD SME's C-bit). */
  readonly ignoredBits?: string;
  /** Where memory is mapped unless KASLR moves it, newest first: what people subtract from addresses by mistake. */
  readonly directMaps?: readonly bigint[];
  /** Physical place of the address of an ELF note with VMCOREINFO (the lowcore of s390x). */
  readonly vmcoreinfoNoteAt?: number;
}
