import type { ByteSource } from '../core/bytes.ts';
import type { FaultReason } from '../core/errors.ts';
import type { Range } from '../core/ranges.ts';
import type { ElfNote } from '../formats/elf-notes.ts';

/** Why bytes of physical memory are not in an image. Three different things to a reader, so kept apart. */
export type Missing = Exclude<FaultReason, 'not-mapped' | 'torn' | 'doubtful'>;

/** A stretch of physical memory, [start, end) in bytes, all of it in one state. */
export interface PhysicalRun extends Range {
  readonly state: 'present' | Missing;
  /** For messages, where more is known than the state: the file offset of the damage, the part that is missing. */
  readonly why?: string;
}

/**
 * The runs of a dump's memory, made one by one as they are asked for: where single pages are excluded, a list of
 * them all would be larger than the memory that structpage may use. Arrays are run lists, too.
 */
export interface RunList extends Iterable<PhysicalRun> {
  reduce<T>(step: (sum: T, run: PhysicalRun) => T, first: T): T;
}

/** The physical memory that an image holds. */
export interface PhysicalMemory {
  /**
   * What the image says anything about: sorted and disjoint, in bytes. Outside of these all is `hole`. May be made
   * anew for each pass: there can be as many as pages. Pages found damaged when read count as present here.
   */
  readonly runs: RunList;
  /**
   * Copies memory from physical `address` on into `target` and returns the number of bytes copied. The copy
   * stops at the first byte that is not present, so 0 means: ask `runAt` why. Never fills with zeros.
   */
  readInto(address: number, target: Uint8Array): number;
  /** A run with `address` in it, not always as long as it could be; beyond the last run its end is Infinity. */
  runAt(address: number): PhysicalRun;
}

/** Memory that an image gives by virtual address without a page walk (a live kernel's own segments). */
export interface VirtualSegments {
  /** Like PhysicalMemory.readInto, for a virtual address; 0 where no segment covers it. */
  readInto(address: bigint, target: Uint8Array): number;
  readonly segments: readonly { start: bigint; end: bigint }[];
  /** The source gives zeros for what it cannot read, so that zeros are doubtful (/proc/kcore). */
  readonly zeroFills?: boolean;
}

/** What a file turned out to be, open for reading. */
export interface OpenImage {
  /** In words, e.g. `ELF core (QEMU dump-guest-memory)`. */
  readonly format: string;
  readonly memory: PhysicalMemory;
  /** ELF notes, wherever the format keeps them; empty if it has none. */
  readonly notes: readonly ElfNote[];
  /** The text of VMCOREINFO where the format stores it outside of a note. */
  readonly vmcoreinfo?: string;
  /** ELF machine number (e_machine) where the format records one; 62 is x86-64. */
  readonly machine?: number;
  /** Facts for `info` that only this format has: producer, compression, filter level. */
  readonly details: readonly (readonly [label: string, value: string])[];
  /** Things that are wrong with the file but did not stop it from being opened, one sentence each. */
  readonly warnings: readonly string[];
  readonly virtual?: VirtualSegments;
  /** The files that it was opened from, decompressed, in the order that they were named in. */
  readonly files?: readonly ByteSource[];
  /** Paths of all files that were opened for it, by the user's names. */
  readonly inputs?: readonly string[];
  /** What was said of it when it was opened: the same files are opened by it again. */
  readonly lowMemory?: number;
  /** The memory goes on changing while it is read. */
  readonly live?: boolean;
  close(): void;
}

/** What else a format may need to open a file. */
export interface OpenContext {
  /** Opens another file that belongs to this one (the parts of a split dump). `name` as in ByteSource. */
  sibling?(name: string): ByteSource | undefined;
  /** Names of the files in the same place as the one named, to be given to `sibling`. */
  beside?(name: string): readonly string[];
  /** The other files that the user named with this one; the format takes them over, and closes those it cannot use. */
  readonly parts?: readonly ByteSource[];
  /** The most bytes that may be written to a temporary file when the dump has to be decompressed; nine tenths of the room if absent. */
  readonly spoolLimit?: number;
  /** Bytes of memory below the hole for PCI, for raw images that leave the hole out; found out if absent. */
  readonly lowMemory?: number;
  /** Told of what the user should know, a sentence. */
  warn?(text: string): void;
  /** Told of progress of anything that takes long: a part done of a whole, in bytes. */
  progress?(what: string, done: number, total: number): void;
}

/**
 * SEAM: a dump format. To add one:
 * 1. write `src/sources/<format>.ts` that exports an `ImageFormat`;
 * 2. put it into the list of `registry.ts`, before anything less specific (raw is last);
 * 3. write a builder in `test/builders/` that makes such a file from text, and tests: whole, truncated at
 *    every structure, damaged header, holes, excluded pages;
 * 4. list it in `docs/support.md` with how it was tested.
 *
 * `probe` looks at content, never at names, and has three outcomes: true (mine), false (not mine), or a thrown
 * FormatError (mine, but damaged), which ends the search. It must read little (a few KiB) and never throw
 * for a file that is not its own, however short.
 */
export interface ImageFormat {
  /** Short name, e.g. `elf`. */
  readonly name: string;
  probe(source: ByteSource): boolean;
  /** Takes over `source`: the image closes it. Throws FormatError or UnsupportedError. */
  open(source: ByteSource, context: OpenContext): OpenImage | Promise<OpenImage>;
  /** Whether a dump of this format can be more than one file; else `context.parts` is refused. */
  readonly takesParts?: boolean;
}
