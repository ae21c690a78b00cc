import type {
  AddressBits,
  AddressPattern,
  Architecture,
  LeafFormat,
  LinearRegion,
  PagingLevel,
  PagingMode,
} from '../arch/architecture.ts';
import { hex, type PhysAddr, type VirtAddr } from '../core/address.ts';
import { FaultError, type FaultReason } from '../core/errors.ts';
import type { PhysicalMemory } from '../sources/image-format.ts';
import { TableCache } from './table-cache.ts';

/** A root page table and its paging mode. */
export interface PageTables {
  readonly architecture: Architecture;
  readonly mode: PagingMode;
  readonly root: PhysAddr;
  /** Bits of an entry that are not part of the address, although the architecture says so (AMD SME's C-bit). */
  readonly ignoredBits: bigint;
  /** Memory that this kernel maps without page tables, in addition to that of its mode. */
  readonly regions?: readonly LinearRegion[];
}

/** One level of a walk. */
export interface WalkStep {
  readonly level: string;
  /** Physical address of the entry. */
  readonly at: PhysAddr;
  readonly index: number;
  readonly entry: bigint;
}

/** The place of a virtual address, or the reason why it has none. */
export interface WalkResult {
  readonly steps: readonly WalkStep[];
  /** Physical address; undefined if the walk ended early. */
  readonly physical: PhysAddr | undefined;
  /** Size of the page that maps it, in bytes. */
  readonly pageSize: number;
  /**
   * Span of the last entry that was read, in bytes, a power of two. If the entry maps nothing, nothing in this span is
   * mapped.
   */
  readonly span: number;
  /** The reason why there is no physical address. */
  readonly reason?: FaultReason;
}

/** A run of virtual addresses that is contiguous in physical memory, or not mapped. */
export interface MappedRun {
  /** Offset from the start of the requested range, in bytes. */
  offset: number;
  length: number;
  /** Physical address, or undefined with the reason. */
  physical: PhysAddr | undefined;
  reason?: FaultReason;
}

type AddressOf = (entry: bigint) => bigint;

/** A level with its address fields prepared. */
interface CompiledLevel extends PagingLevel {
  readonly indexMask: bigint;
  readonly tableAt: AddressOf;
  readonly frames: readonly { readonly leaf: LeafFormat; readonly frame: AddressOf }[];
}

/**
 * The only page walker. It knows no architecture: levels, masks and the root are data. It reads and caches whole tables,
 * since neighbours are usually requested next.
 */
export class PageWalker {
  readonly tables: PageTables;
  readonly #cache: TableCache;
  readonly #levels: readonly CompiledLevel[];
  readonly #regions: readonly LinearRegion[];

  constructor(memory: PhysicalMemory, tables: PageTables) {
    const { mode, ignoredBits } = tables;
    this.tables = tables;
    this.#cache = new TableCache(memory, mode.littleEndianEntries);
    // windows found in memory may lie within those of the mode (vmemmap under the hash MMU with 4 KiB pages)
    this.#regions = [...(tables.regions ?? []), ...(mode.regions ?? [])];
    this.#levels = mode.levels.map((level) => ({
      ...level,
      indexMask: (1n << BigInt(level.bits)) - 1n,
      tableAt: addressOf(level.table?.at ?? [], ~ignoredBits),
      frames: level.leaves.map((leaf) => ({
        leaf,
        frame: addressOf(leaf.frame, ~ignoredBits & ~((1n << BigInt(leaf.shift)) - 1n)),
      })),
    }));
  }

  /** Size of the smallest page, in bytes. */
  get smallestPage(): number {
    return 2 ** this.tables.mode.pageShift;
  }

  /** Forgets the tables that were read, since they may have changed. */
  forget(): void {
    this.#cache.forget();
  }

  /** Walks the page tables for one address and records each level. Does not throw if the address is not mapped. */
  walk(address: VirtAddr): WalkResult {
    const steps: WalkStep[] = [];
    let span = 2 ** (this.#levels[0]?.shift ?? this.tables.mode.pageShift);
    const fault = (reason: FaultReason): WalkResult => ({
      steps,
      physical: undefined,
      pageSize: 0,
      span,
      reason,
    });
    if (this.#regions.length > 0) {
      const region = this.#regions.find((r) => address >= r.start && address < r.start + r.size);
      if (region) return this.#inRegion(region, address);
    }
    if (!this.isCanonical(address)) return fault('not-mapped');
    let table = this.tables.root;
    // the entries that the table has
    let first = 0;
    let end = Number.POSITIVE_INFINITY;
    for (const level of this.#levels) {
      const index = Number((address >> BigInt(level.shift)) & level.indexMask);
      if (index < first || index >= end) {
        span = 2 ** level.shift;
        return fault('not-mapped');
      }
      const entries = this.#cache.entries(table, level, first, end);
      if (typeof entries === 'string') return fault(entries);
      const entry = entries[index - first]!;
      span = 2 ** level.shift;
      steps.push({ level: level.name, at: table + index * level.entryBytes, index, entry });
      const { table: next } = level;
      if (next && (entry & next.when.mask) === next.when.is) {
        table = Number(level.tableAt(entry));
        first = 0;
        end = Number.POSITIVE_INFINITY;
        if (next.extent) {
          first = Number(field(entry, next.extent.first)) * next.extent.entries;
          end = (Number(field(entry, next.extent.last)) + 1) * next.extent.entries;
        }
        continue;
      }
      for (const { leaf, frame } of level.frames) {
        if ((entry & leaf.when.mask) !== leaf.when.is) continue;
        const pageSize = 2 ** leaf.shift;
        const physical = Number(frame(entry) | (address & BigInt(pageSize - 1)));
        return { steps, physical, pageSize, span: pageSize };
      }
      return fault('not-mapped');
    }
    return fault('not-mapped');
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
   * The physical runs of [start, start + length), in order and without gaps. Runs that are adjacent in physical memory are
   * joined.
   */
  mappedRuns(start: VirtAddr, length: number): MappedRun[] {
    const smallest = this.smallestPage;
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

  /** Like `mappedRuns`, for a range whose ends are multiples of the smallest page. */
  #wholePages(start: VirtAddr, length: number): MappedRun[] {
    const runs: MappedRun[] = [];
    const smallest = this.smallestPage;
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
      const found = this.walk(address);
      const { physical, steps, reason } = found;
      // an entry that maps nothing leaves its whole span unmapped
      const span = physical !== undefined || reason === 'not-mapped' ? found.span : smallest;
      const within = Number(address & BigInt(span - 1));
      const bytes = Math.min(span - within, length - offset);
      add(offset, bytes, physical, reason);
      offset += bytes;
      // continue in the same table of the lowest level instead of walking down again
      const step = steps.at(-1);
      if (bytes === smallest && step && steps.length === this.#levels.length) {
        offset += this.#restOfTable(step, length - offset, smallest, (at, to, why) =>
          add(offset + at, smallest, to, why),
        );
      } else if (reason === 'not-mapped' && step && offset < length) {
        const more = Math.min(this.#sameBehind(step, steps.length - 1) * span, length - offset);
        if (more > 0) add(offset, more, undefined, reason);
        offset += more;
      }
    }
    return runs;
  }

  /** The number of entries after `step` that equal it. If it maps nothing, neither do they. */
  #sameBehind(step: WalkStep, depth: number): number {
    // tables may be shorter than their level
    if (this.#levels.some((level) => level.table?.extent)) return 0;
    const level = this.#levels[depth]!;
    const table = step.at - step.index * level.entryBytes;
    const entries = this.#cache.entries(table, level, 0, Number.POSITIVE_INFINITY);
    if (typeof entries === 'string') return 0;
    let end = step.index + 1;
    while (end < entries.length && entries[end] === step.entry) end++;
    return end - step.index - 1;
  }

  /** Adds the pages after `step` in its table, up to `length` bytes, and returns the number of bytes that they map. */
  #restOfTable(
    step: WalkStep,
    length: number,
    pageSize: number,
    tell: (offset: number, physical: PhysAddr | undefined, reason?: FaultReason) => void,
  ): number {
    const level = this.#levels.at(-1)!;
    const table = step.at - step.index * level.entryBytes;
    const entries = this.#cache.entries(table, level, 0, Number.POSITIVE_INFINITY);
    if (typeof entries === 'string') return 0;
    let offset = 0;
    for (let index = step.index + 1; index < entries.length && offset < length; index++, offset += pageSize) {
      const entry = entries[index]!;
      const found = level.frames.find(({ leaf }) => (entry & leaf.when.mask) === leaf.when.is);
      if (found === undefined) tell(offset, undefined, 'not-mapped');
      else if (found.leaf.shift === level.shift) tell(offset, Number(found.frame(entry)));
      else return offset;
    }
    return offset;
  }

  /** Whether the bits above the translated ones have the values that the processor requires. */
  isCanonical(address: VirtAddr): boolean {
    return this.tables.mode.addresses.some(
      (pattern: AddressPattern) => (address & pattern.mask) === pattern.is,
    );
  }

  #inRegion({ start, size, physical }: LinearRegion, address: VirtAddr): WalkResult {
    const within = address - start;
    // use the largest page that the address allows, so that there are few runs: the memory is contiguous
    let pageSize = this.smallestPage;
    const fits = (bytes: number): boolean => {
      const begin = within - (address & BigInt(bytes - 1));
      return begin >= 0n && begin + BigInt(bytes) <= size;
    };
    while (pageSize < 2 ** 40 && fits(pageSize * 2)) pageSize *= 2;
    return { steps: [], physical: physical + Number(within), pageSize, span: pageSize };
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

function field(entry: bigint, { mask, shift = 0 }: AddressBits): bigint {
  return shift >= 0 ? (entry & mask) << BigInt(shift) : (entry & mask) >> BigInt(-shift);
}

/** The address in an entry, limited to the bits of `keep`. */
function addressOf(parts: readonly AddressBits[], keep: bigint): AddressOf {
  const [only] = parts;
  if (only && parts.length === 1 && !only.shift) {
    const mask = only.mask & keep;
    return (entry) => entry & mask;
  }
  return (entry) => parts.reduce((sum, part) => sum | field(entry, part), 0n) & keep;
}
