/** One level of a page table. */
export interface PagingLevel {
  /** The kernel's name of it: pgd, p4d, pud, pmd, pte. */
  readonly name: string;
  /** The lowest bit of the virtual address that indexes this level. */
  readonly shift: number;
  /** How many bits of the virtual address index this level. */
  readonly bits: number;
  /** Whether an entry of this level may map memory itself (a large page). */
  readonly mayBeLeaf: boolean;
}

/** One way in which an architecture can lay out its page tables. */
export interface PagingMode {
  readonly name: string;
  /** A page frame has 2 ** pageShift bytes. */
  readonly pageShift: number;
  readonly levels: readonly PagingLevel[];
  /** Bits of a physical address that the kernel reckons with in this mode (MAX_PHYSMEM_BITS). */
  readonly maxPhysicalBits: number;
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
export interface Architecture {
  readonly name: string;
  /** e_machine of its ELF files. */
  readonly elfMachine: number;
  /** SECTION_SIZE_BITS, for kernels that do not say it in VMCOREINFO. */
  readonly sectionSizeBits: number;
  /** Best first; which one a dump uses is decided by `VMCOREINFO` or by trying. */
  readonly pagingModes: readonly PagingMode[];
  /** Page table entries are 8 bytes; these are masks over them. */
  readonly entry: {
    /** All of these bits set: the entry is valid. */
    readonly present: bigint;
    /** Set in an entry of a level that may be a leaf: it maps memory itself. */
    readonly large: bigint;
    /** The physical address in an entry. */
    readonly frame: bigint;
  };
  /** Flag bits of an entry in ascending order. */
  readonly entryFlags?: readonly EntryFlag[];
  /** The kernel's own image: physical = virtual - base + phys_base. */
  readonly image: {
    readonly base: bigint;
    readonly size: bigint;
    /** Where it is linked to lie unless it is configured otherwise. */
    readonly linkedAt: bigint;
  };
  /** Symbols that may name the kernel's root page table, best first. */
  readonly rootSymbols: readonly string[];
}
