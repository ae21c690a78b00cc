import type { Architecture, PagingMode } from '../arch/architecture.ts';
import { hex, type PhysAddr, type VirtAddr } from '../core/address.ts';
import { FaultError, type FaultReason } from '../core/errors.ts';
import type { PhysicalMemory } from '../sources/image-format.ts';

/** A root page table and how it is to be read. */
export interface PageTables {
  readonly architecture: Architecture;
  readonly mode: PagingMode;
  readonly root: PhysAddr;
  /** Bits of an entry that are no address although the architecture says so (AMD SME's C-bit). */
  readonly ignoredBits: bigint;
}

/** What one level of a walk found. */
export interface WalkStep {
  readonly level: string;
  /** Physical address of the entry. */
  readonly at: PhysAddr;
  readonly index: number;
  readonly entry: bigint;
}

/** Where a virtual address is, or why it is nowhere. */
export interface WalkResult {
  readonly steps: readonly WalkStep[];
  /** Physical address; undefined when the walk ended before one. */
  readonly physical: PhysAddr | undefined;
  /** Bytes of the page that maps it. */
  readonly pageSize: number;
  /** Why there is no physical address. */
  readonly reason?: FaultReason;
}

/** A stretch of virtual addresses that lies in one piece of physical memory, or is mapped by nothing. */
export interface MappedRun {
  /** Offset in bytes from the start of the range asked for. */
  offset: number;
  length: number;
  /** Physical address, or undefined with the reason. */
  physical: PhysAddr | undefined;
  reason?: FaultReason;
}

const ENTRY_BYTES = 8;
/** Tables kept in memory: 16 MiB of them at 4 KiB each. */
const MAX_TABLES = 4096;

/**
 * The one page walker. It knows no architecture: levels, masks and the root come as data.
 * Tables are read whole and kept, since neighbours are asked for next.
 */
export class PageWalker {
  readonly tables: PageTables;
  readonly #memory: PhysicalMemory;
  readonly #cache: Map<PhysAddr, BigUint64Array | FaultReason> = new Map();
  readonly #frame: bigint;

  constructor(memory: PhysicalMemory, tables: PageTables) {
    this.tables = tables;
    this.#memory = memory;
    this.#frame = tables.architecture.entry.frame & ~tables.ignoredBits;
  }

  /** Walks for one address and tells each level. Never throws for an address that is not mapped. */
  walk(address: VirtAddr): WalkResult {
    const { levels } = this.tables.mode;
    const { present, large } = this.tables.architecture.entry;
    const steps: WalkStep[] = [];
    let table = this.tables.root;
    if (!this.isCanonical(address)) return { steps, physical: undefined, pageSize: 0, reason: 'not-mapped' };
    for (const [depth, level] of levels.entries()) {
      const index = Number((address >> BigInt(level.shift)) & ((1n << BigInt(level.bits)) - 1n));
      const entries = this.#table(table, level.bits);
      if (typeof entries === 'string') return { steps, physical: undefined, pageSize: 0, reason: entries };
      const entry = entries[index]!;
      steps.push({ level: level.name, at: table + index * ENTRY_BYTES, index, entry });
      if ((entry & present) !== present)
        return { steps, physical: undefined, pageSize: 0, reason: 'not-mapped' };
      const last = depth === levels.length - 1;
      if (last || (level.mayBeLeaf && (entry & large) === large)) {
        const pageSize = 2 ** level.shift;
        const within = BigInt(pageSize - 1);
        const frame = entry & this.#frame & ~within;
        return { steps, physical: Number(frame | (address & within)), pageSize };
      }
      table = Number(entry & this.#frame);
    }
    throw new Error(`page table mode ${this.tables.mode.name} has no levels`);
  }

  /** The physical address of a virtual one. Throws FaultError with level and entry. */
  translate(address: VirtAddr, what?: string): PhysAddr {
    const { physical, steps, reason } = this.walk(address);
    if (physical !== undefined) return physical;
    const last = steps.at(-1);
    throw new FaultError({
      address,
      space: 'virtual',
      reason: reason ?? 'not-mapped',
      level: last?.level,
      entry: last?.entry,
      what,
    });
  }

  /**
   * The physical pieces of [start, start + length), in order and without gaps; neighbours that touch in
   * physical memory are joined.
   */
  mappedRuns(start: VirtAddr, length: number): MappedRun[] {
    const smallest = 2 ** this.tables.mode.levels.at(-1)!.shift;
    const lead = Number(start & BigInt(smallest - 1));
    const whole = Math.ceil((lead + length) / smallest) * smallest;
    const runs = this.#wholePages(start - BigInt(lead), whole);
    if (lead > 0) {
      for (const run of runs) run.offset -= lead;
      const first = runs[0]!;
      first.offset = 0;
      first.length -= lead;
      if (first.physical !== undefined) first.physical += lead;
    }
    const last = runs.at(-1);
    if (last) last.length = length - last.offset;
    return runs;
  }

  /** As `mappedRuns`, for a range whose ends are multiples of the smallest page. */
  #wholePages(start: VirtAddr, length: number): MappedRun[] {
    const runs: MappedRun[] = [];
    const smallest = 2 ** this.tables.mode.levels.at(-1)!.shift;
    const add = (
      offset: number,
      bytes: number,
      physical: PhysAddr | undefined,
      reason?: FaultReason,
    ): void => {
      const last = runs.at(-1);
      if (last && joins(last, physical, reason)) last.length += bytes;
      else runs.push({ offset, length: bytes, physical, ...(reason ? { reason } : {}) });
    };
    for (let offset = 0; offset < length; ) {
      const address = start + BigInt(offset);
      const { physical, pageSize, steps, reason } = this.walk(address);
      // what is not mapped is not mapped for the whole span of the entry that says so
      const level = this.tables.mode.levels[Math.max(0, steps.length - 1)]!;
      const span = physical !== undefined ? pageSize : reason === 'not-mapped' ? 2 ** level.shift : smallest;
      const within = Number(address & BigInt(span - 1));
      const bytes = Math.min(span - within, length - offset);
      add(offset, bytes, physical, reason);
      offset += bytes;
      // the rest of a table of the lowest level is at hand: no need to come down to it again
      const step = steps.at(-1);
      if (steps.length === this.tables.mode.levels.length && step) {
        offset += this.#restOfTable(step, length - offset, smallest, (at, to, why) =>
          add(offset + at, smallest, to, why),
        );
      }
    }
    return runs;
  }

  /** Tells the pages behind `step` in its table, up to `length` bytes of them; returns how many bytes they map. */
  #restOfTable(
    step: WalkStep,
    length: number,
    pageSize: number,
    tell: (offset: number, physical: PhysAddr | undefined, reason?: FaultReason) => void,
  ): number {
    const { present } = this.tables.architecture.entry;
    const { bits } = this.tables.mode.levels.at(-1)!;
    const entries = this.#table(step.at - step.index * ENTRY_BYTES, bits);
    if (typeof entries === 'string') return 0;
    let offset = 0;
    for (let index = step.index + 1; index < entries.length && offset < length; index++, offset += pageSize) {
      const entry = entries[index]!;
      if ((entry & present) === present) tell(offset, Number(entry & this.#frame));
      else tell(offset, undefined, 'not-mapped');
    }
    return offset;
  }

  /** Whether the bits above those that are translated are all equal, as the processor demands. */
  isCanonical(address: VirtAddr): boolean {
    const top = this.tables.mode.levels[0]!;
    const rest = BigInt.asIntN(64, address) >> BigInt(top.shift + top.bits - 1);
    return rest === 0n || rest === -1n;
  }

  #table(at: PhysAddr, bits: number): BigUint64Array | FaultReason {
    let table = this.#cache.get(at);
    if (table === undefined) {
      if (this.#cache.size >= MAX_TABLES) this.#cache.clear();
      const bytes = new Uint8Array(ENTRY_BYTES << bits);
      const got = this.#memory.readInto(at, bytes);
      if (got === bytes.length) table = new BigUint64Array(bytes.buffer);
      else {
        const { state } = this.#memory.runAt(at + got);
        table = state === 'present' ? 'unreadable' : state;
      }
      this.#cache.set(at, table);
    }
    return table;
  }

  /** For messages and `info`. */
  toString(): string {
    return `${this.tables.mode.name} page tables at physical ${hex(this.tables.root)}`;
  }
}

function joins(last: MappedRun, physical: PhysAddr | undefined, reason: FaultReason | undefined): boolean {
  if (last.physical === undefined || physical === undefined)
    return last.physical === physical && last.reason === reason;
  return last.physical + last.length === physical;
}
