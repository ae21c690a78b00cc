import type { Pfn, PhysAddr } from '../core/address.ts';
import { type FastLevel, fastLevels, holds, readEntries } from '../objects/entry-halves.ts';
import { ChainError } from '../objects/walk.ts';
import type { PhysicalMemory } from '../sources/image-format.ts';
import type { PageTables } from '../translate/page-walk.ts';
import type { Area } from './areas.ts';
import { kindOfInvalid, type SwapFormat, swapEntry, type UserEntryFormat } from './swap-entries.ts';

/** Bits that describe an entry that maps memory. */
export const MAPPED = {
  /** The page has no owner: the zero page, memory without reference counts. */
  special: 1,
  /** The processor wrote to it through this entry. */
  dirty: 2,
  /** It is not accessible: PROT_NONE, NUMA hints. */
  hidden: 4,
} as const;

/** Callbacks for a walk of a process's page tables. */
export interface MappingVisitor {
  /**
   * Receives mapped memory: the page frame at `address`, the number of pages that the entry maps from there on, and bits of
   * MAPPED.
   */
  page(area: Area, address: number, pfn: Pfn, count: number, bits: number): void;
  /**
   * Like `page`, for single pages of one table that are not special: `count` page frames with their slots after `address`.
   * The arrays are reused.
   */
  pages?(area: Area, address: number, frames: Uint32Array, slots: Uint16Array, count: number): void;
  /** Receives an entry in swap format for `count` pages: swapped, a marker, or pages under migration or poisoned. */
  absent?(area: Area, address: number, type: number, offset: bigint, count: number): void;
  /** Receives the same entry before its format is known. */
  raw?(entry: bigint): void;
  /** Receives a table that cannot be read. */
  missing?(table: PhysAddr): void;
  /** Receives an entry that is not present, on an architecture whose format of such entries is unknown. */
  undecoded?(): void;
}

/**
 * Maximum number of tables visited per page frame of the machine, in all walks. Honest tables are few, but are walked
 * several times.
 */
const MOST_WALKS = 16;

/**
 * Walks the page tables of processes, within their areas. A table that several processes share is walked for each. Damaged
 * tables that loop end the walk once it has visited more tables than memory can hold.
 */
export class UserTables {
  readonly #memory: PhysicalMemory;
  readonly #levels: readonly FastLevel[];
  readonly #entries: readonly number[];
  readonly #buffers: readonly Uint32Array[];
  readonly #pageBytes: number;
  readonly #format: UserEntryFormat | undefined;
  readonly #swap: SwapFormat | undefined;
  readonly #pageShift: number;
  readonly #limit: Pfn;
  readonly #special: EntryBits;
  readonly #dirty: EntryBits;
  /** The lowest level, where each entry is one page: nearly all entries are there. */
  readonly #plain: FastLevel | undefined;
  readonly #frames: Uint32Array;
  readonly #slots: Uint16Array;
  #tablesLeft: number;

  /** `limit` is the number of page frames of the machine; `swap` is one of the swap formats of `format`. */
  constructor(
    memory: PhysicalMemory,
    tables: PageTables,
    format: UserEntryFormat | undefined,
    limit: Pfn,
    swap: SwapFormat | undefined = format?.swap[0],
  ) {
    const { levels, pageShift } = tables.mode;
    this.#memory = memory;
    this.#format = format;
    this.#swap = swap;
    this.#pageShift = pageShift;
    this.#limit = limit;
    this.#levels = fastLevels(tables);
    this.#entries = levels.map(({ bits }) => 2 ** bits);
    this.#buffers = levels.map(({ bits }) => new Uint32Array(2 << bits));
    this.#pageBytes = 2 ** pageShift;
    this.#special = bitsOf(format?.special ?? 0n);
    this.#dirty = bitsOf(format?.dirty ?? 0n);
    const last = this.#levels.at(-1)!;
    const isPlain =
      last.leaves.length === 1 && last.leaves[0]!.shift === pageShift && last.shift === pageShift;
    this.#plain = isPlain ? last : undefined;
    this.#tablesLeft = MOST_WALKS * limit;
    this.#frames = new Uint32Array(this.#entries.at(-1)!);
    this.#slots = new Uint16Array(this.#entries.at(-1)!);
  }

  /** Walks the tables below `root` within the areas, which are sorted. Throws ChainError if the tables loop. */
  walk(root: PhysAddr, areas: readonly Area[], visitor: MappingVisitor): void {
    if (areas.length === 0) return;
    this.#below(root, 0, 0, areas, 0, visitor);
  }

  /** Returns the index of the first area that ends after the table. */
  #below(
    table: PhysAddr,
    depth: number,
    base: number,
    areas: readonly Area[],
    from: number,
    visitor: MappingVisitor,
  ): number {
    if (--this.#tablesLeft < 0) {
      throw new ChainError('page tables of a process', BigInt(table), this.#limit, 'it has no end');
    }
    const level = this.#levels[depth]!;
    const count = this.#entries[depth]!;
    const span = 2 ** level.shift;
    const words = this.#buffers[depth]!;
    if (!readEntries(this.#memory, table, level, 0, count, words)) {
      visitor.missing?.(table);
      return from;
    }
    if (level === this.#plain) return this.#pages(level, base, count, words, areas, from, visitor);
    let at = from;
    for (let i = 0; i < count && at < areas.length; i++) {
      const address = base + i * span;
      while (at < areas.length && areas[at]!.end <= address) at++;
      const area = areas[at];
      if (!area) break;
      if (area.start >= address + span) {
        // to the entry in which the next area begins
        i = Math.max(i, Math.floor((area.start - base) / span) - 1);
        continue;
      }
      const low = words[2 * i]!;
      const high = words[2 * i + 1]!;
      if (low === 0 && high === 0) continue;
      const { next } = level;
      if (next && holds(next.when, low, high)) {
        at = this.#below(next.at(low, high), depth + 1, address, areas, at, visitor);
        continue;
      }
      this.#entry(level, depth, low, high, address, span, areas, at, visitor);
    }
    return at;
  }

  /** The entries of a table of the lowest level, area by area. */
  #pages(
    level: FastLevel,
    base: number,
    count: number,
    words: Uint32Array,
    areas: readonly Area[],
    from: number,
    visitor: MappingVisitor,
  ): number {
    const size = this.#pageBytes;
    const perByte = 1 / size;
    const end = base + count * size;
    const { when, frame } = level.leaves[0]!;
    const { maskLow, maskHigh } = when;
    const special = this.#special;
    const dirty = this.#dirty;
    const frames = this.#frames;
    const slots = this.#slots;
    const most = visitor.pages ? FRAMES : 0;
    let at = from;
    for (; at < areas.length && areas[at]!.start < end; at++) {
      const area = areas[at]!;
      const last = Math.min(count, (area.end - base) / size);
      let found = 0;
      for (let i = Math.max(0, (area.start - base) / size); i < last; i++) {
        const low = words[2 * i]!;
        const high = words[2 * i + 1]!;
        if ((low | high) === 0) continue;
        const address = base + i * size;
        const isMapped = ((low & maskLow) | 0) === when.low && ((high & maskHigh) | 0) === when.high;
        if (!isMapped) {
          this.#absent(low, high, level, address, size, areas, at, visitor);
          continue;
        }
        // exact: sizes of pages are powers of two
        const pfn = frame(low, high) * perByte;
        const isSpecial = ((low & special.low) | (high & special.high)) !== 0;
        if (pfn < most && !isSpecial) {
          frames[found] = pfn;
          slots[found++] = i;
          continue;
        }
        const isDirty = ((low & dirty.low) | (high & dirty.high)) !== 0;
        visitor.page(
          area,
          address,
          Math.floor(pfn),
          1,
          (isSpecial ? MAPPED.special : 0) | (isDirty ? MAPPED.dirty : 0),
        );
      }
      if (found > 0) visitor.pages!(area, base, frames, slots, found);
      if (area.end > end) break;
    }
    return at;
  }

  #entry(
    level: FastLevel,
    depth: number,
    low: number,
    high: number,
    address: number,
    span: number,
    areas: readonly Area[],
    at: number,
    visitor: MappingVisitor,
  ): void {
    const lowest = depth === this.#levels.length - 1;
    const leaf = level.leaves.find(({ when }) => holds(when, low, high));
    if (leaf) {
      const target = leaf.frame(low, high);
      const inPage = leaf.shift > level.shift ? address % 2 ** leaf.shift : 0;
      const isSpecial = lowest && anyOf(this.#special, low, high);
      const bits = (isSpecial ? MAPPED.special : 0) | (anyOf(this.#dirty, low, high) ? MAPPED.dirty : 0);
      this.#tell(target - (target % 2 ** leaf.shift) + inPage, address, span, bits, areas, at, visitor);
      return;
    }
    this.#absent(low, high, level, address, span, areas, at, visitor);
  }

  /** Handles an entry that is invalid to the processor. */
  #absent(
    low: number,
    high: number,
    level: FastLevel,
    address: number,
    span: number,
    areas: readonly Area[],
    at: number,
    visitor: MappingVisitor,
  ): void {
    if (!this.#format) {
      visitor.undecoded?.();
      return;
    }
    const lowest = level === this.#levels.at(-1);
    const entry = word(low, high);
    const invalid = kindOfInvalid(this.#format, entry, lowest);
    if (invalid === 'swap') {
      visitor.raw?.(entry);
      const { type, offset } = swapEntry(this.#swap!, entry, this.#pageShift);
      visitor.absent?.(areas[at]!, address, type, offset, span / this.#pageBytes);
    }
    const frame = invalid === 'hidden' ? level.leaves.at(-1)?.frame : undefined;
    if (!frame) return;
    const physical = this.#format.invertsHidden ? frame(~low, ~high) : frame(low, high);
    const bits = MAPPED.hidden | (anyOf(this.#dirty, low, high) ? MAPPED.dirty : 0);
    this.#tell(physical - (physical % span), address, span, bits, areas, at, visitor);
  }

  /**
   * Reports an entry for each area that it maps; several if they are adjacent. What lies outside all areas is not reported.
   */
  #tell(
    physical: PhysAddr,
    address: number,
    span: number,
    bits: number,
    areas: readonly Area[],
    at: number,
    visitor: MappingVisitor,
  ): void {
    for (let i = at; i < areas.length && areas[i]!.start < address + span; i++) {
      const area = areas[i]!;
      const start = Math.max(area.start, address);
      const end = Math.min(area.end, address + span);
      const pfn = (physical + (start - address)) / this.#pageBytes;
      visitor.page(area, start, pfn, (end - start) / this.#pageBytes, bits);
    }
  }
}

function word(low: number, high: number): bigint {
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}

/** Page frames reported in bulk are below this. */
const FRAMES = 2 ** 32;

/** Bits of an entry in two halves. */
interface EntryBits {
  readonly low: number;
  readonly high: number;
}

function bitsOf(mask: bigint): EntryBits {
  return { low: Number(BigInt.asIntN(32, mask)), high: Number(BigInt.asIntN(32, mask >> 32n)) };
}

function anyOf(bits: EntryBits, low: number, high: number): boolean {
  return ((low & bits.low) | (high & bits.high)) !== 0;
}
