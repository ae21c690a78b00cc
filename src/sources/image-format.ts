import type { ByteSource } from '../core/bytes.ts';
import type { FaultReason } from '../core/errors.ts';
import type { Range } from '../core/ranges.ts';
import type { ElfNote } from '../formats/elf-notes.ts';

/** Why bytes of physical memory are missing from an image. These differ in meaning to a reader, so they are kept apart. */
export type Missing = Exclude<FaultReason, 'not-mapped' | 'torn' | 'doubtful'>;

/** A range of physical memory, [start, end) in bytes, in one state. */
export interface PhysicalRun extends Range {
  readonly state: 'present' | Missing;
  /** For messages, if more than the state is known: the file offset of the damage, or the missing part. */
  readonly why?: string;
}

/**
 * The runs of a dump's memory, made on demand: where single pages are excluded, a list of all runs would take too much
 * memory. Arrays are run lists, too.
 */
export interface RunList extends Iterable<PhysicalRun> {
  reduce<T>(step: (sum: T, run: PhysicalRun) => T, first: T): T;
}

/** The physical memory that an image holds. */
export interface PhysicalMemory {
  /**
   * What the image covers: sorted, disjoint runs, in bytes. Everything else is `hole`. Each pass may make the list anew,
   * since there can be as many runs as pages. Pages found damaged when read count as present here.
   */
  readonly runs: RunList;
  /**
   * Copies memory from physical `address` on into `target` and returns the number of bytes copied. The copy stops at the
   * first missing byte; if it is 0, `runAt` tells why. Never fills with zeros.
   */
  readInto(address: number, target: Uint8Array): number;
  /** A run that contains `address`, not always the longest; after the last run its end is Infinity. */
  runAt(address: number): PhysicalRun;
}

/** Memory that an image provides by virtual address without a page walk (a live kernel's own segments). */
export interface VirtualSegments {
  /** Like PhysicalMemory.readInto, for a virtual address; 0 if no segment covers it. */
  readInto(address: bigint, target: Uint8Array): number;
  readonly segments: readonly { start: bigint; end: bigint }[];
  /** Whether the source returns zeros for what it cannot read (/proc/kcore). */
  readonly zeroFills?: boolean;
}

/** A range of a file that is physical memory as it is. */
export interface FilePlace extends Range {
  /** Index of the file in the order in which they were named. */
  readonly file: number;
  readonly offset: number;
}

/** A recognised file, open for reading. */
export interface OpenImage {
  /** In words, e.g. `ELF core (QEMU dump-guest-memory)`. */
  readonly format: string;
  readonly memory: PhysicalMemory;
  /** ELF notes, wherever the format stores them; empty if it has none. */
  readonly notes: readonly ElfNote[];
  /** The text of VMCOREINFO, if the format stores it outside a note. */
  readonly vmcoreinfo?: string;
  /** ELF machine number (e_machine), if the format records one; 62 is x86-64. */
  readonly machine?: number;
  /** Facts for `info` that are specific to this format: producer, compression, filter level. */
  readonly details: readonly (readonly [label: string, value: string])[];
  /** What is wrong with the file but does not prevent opening it, one sentence each. */
  readonly warnings: readonly string[];
  readonly virtual?: VirtualSegments;
  /** The files of the image, decompressed, in the order in which they were named. */
  readonly files?: readonly ByteSource[];
  /** Paths of all files that were opened for it, as the user named them. */
  readonly inputs?: readonly string[];
  /** Where its files are in physical memory, if that had to be detected; threads open the same files with them. */
  readonly places?: readonly FilePlace[];
  /** Whether the memory changes while it is read. */
  readonly live?: boolean;
  /** Whether it is the memory of the machine that this runs on. */
  readonly isThisMachine?: boolean;
  /** For live memory: forgets what was kept of it, and looks up again what memory there is and where. */
  renew?(): void;
  close(): void;
}

/** What a format may need to open a file. */
export interface OpenContext {
  /** Opens another file of the same dump (the parts of a split dump). `name` as in ByteSource. */
  sibling?(name: string): ByteSource | undefined;
  /** Names of the other files in the same directory, for `sibling`. */
  beside?(name: string): readonly string[];
  /** The other files that the user named. The format takes them over, and closes those it cannot use. */
  readonly parts?: readonly ByteSource[];
  /** Maximum size of a temporary file for decompression; by default nine tenths of the free room. */
  readonly spoolLimit?: number;
  /** Bytes of memory below the PCI hole, for raw images that leave the hole out; detected by default. */
  readonly lowMemory?: number;
  /** Physical addresses of the first byte of raw images, by file name; detected by default. */
  readonly at?: Readonly<Record<string, number>>;
  /** `places` of the image that the same files were opened as before. */
  readonly places?: readonly FilePlace[];
  /** Receives remarks for the user, one sentence each. */
  warn?(text: string): void;
  /** Receives the progress of slow work: the bytes done, and their total. */
  progress?(what: string, done: number, total: number): void;
}

/**
 * SEAM: a dump format. To add one:
 * 1. Write `src/sources/<format>.ts` that exports an `ImageFormat`.
 * 2. Add it to the list in `registry.ts`, before anything less specific (raw is last).
 * 3. Write a builder in `test/builders/` that makes such a file from text, and tests: whole, truncated at every structure,
 *    damaged header, holes, excluded pages.
 * 4. List it in `docs/support.md` with how it was tested.
 *
 * `probe` looks at content, never at names. It returns true (mine) or false (not mine), or throws FormatError (mine, but
 * damaged), which ends the search. It must read little (a few KiB) and never throw for a file of another format, however
 * short.
 */
export interface ImageFormat {
  /** Short name, e.g. `elf`. */
  readonly name: string;
  probe(source: ByteSource): boolean;
  /** Takes over `source`: the image closes it. Throws FormatError or UnsupportedError. */
  open(source: ByteSource, context: OpenContext): OpenImage | Promise<OpenImage>;
  /** Whether a dump of this format can consist of several files; otherwise `context.parts` is refused. */
  readonly takesParts?: boolean;
}
