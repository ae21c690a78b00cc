import type { Pfn, PhysAddr } from '../core/address.ts';
import type { PhysicalMemory } from '../sources/image-format.ts';
import type { PageTables } from '../translate/page-walk.ts';
import { type FastLevel, fastLevels, holds, readEntries } from './entry-halves.ts';

/** Callbacks for a walk of page tables. */
export interface TableVisitor {
  /** Receives a table: its page frame, the name of its level (`pgd`, ..., `pte`), and the first address that it maps. */
  table?(pfn: Pfn, level: string, address: number): void;
  /** Receives an entry that maps memory: the first page frame, the number of frames, and the first address. */
  leaf?(pfn: Pfn, count: number, address: number): void;
  /** Receives a table that cannot be read; the walk continues after it. */
  missing?(pfn: Pfn, level: string): void;
}

/** Records which page frames were met: one bit per frame. */
export class PfnSet {
  readonly #bits: Uint8Array;
  readonly limit: Pfn;

  constructor(limit: Pfn) {
    this.limit = limit;
    this.#bits = new Uint8Array(Math.ceil(limit / 8));
  }

  has(pfn: Pfn): boolean {
    return pfn < this.limit && (this.#bits[pfn >>> 3]! & (1 << (pfn & 7))) !== 0;
  }

  add(pfn: Pfn): void {
    if (pfn < this.limit) this.#bits[pfn >>> 3]! |= 1 << (pfn & 7);
  }

  addRange(start: Pfn, count: number): void {
    for (let pfn = start; pfn < start + count; pfn++) this.add(pfn);
  }
}

/**
 * Walks whole trees of page tables. Each walker visits a table once per level, so trees that share tables, and damaged
 * trees that loop, cost at most the size of memory. Addresses are those that the processor translates, without sign
 * extension.
 */
export class TableTree {
  readonly #memory: PhysicalMemory;
  readonly #tables: PageTables;
  readonly #levels: readonly FastLevel[];
  /** Per level: visited tables, in units of their size, or of pages if these are smaller. */
  readonly #seen: readonly { readonly set: PfnSet; readonly unit: number }[];
  readonly #buffers: Uint32Array[];
  readonly #shift: number;

  constructor(memory: PhysicalMemory, tables: PageTables, limit: Pfn) {
    const { levels, pageShift } = tables.mode;
    this.#memory = memory;
    this.#tables = tables;
    this.#shift = pageShift;
    this.#levels = fastLevels(tables);
    this.#seen = levels.map(({ bits, entryBytes }) => {
      const unit = Math.min(2 ** pageShift, entryBytes * 2 ** bits);
      return { unit, set: new PfnSet(limit * (2 ** pageShift / unit)) };
    });
    this.#buffers = levels.map(({ bits }) => new Uint32Array(2 << bits));
  }

  /** Walks the tree below `root`, limited to the entries [from, to) of the root table. */
  walk(root: PhysAddr, from: number, to: number, visitor: TableVisitor): void {
    this.#below(root, 0, from, to, 0, visitor);
  }

  /** Number of entries of the root table. */
  get rootEntries(): number {
    return 2 ** this.#tables.mode.levels[0]!.bits;
  }

  #below(
    table: PhysAddr,
    depth: number,
    from: number,
    to: number,
    base: number,
    visitor: TableVisitor,
  ): void {
    const level = this.#levels[depth]!;
    const pfn = Math.floor(table / 2 ** this.#shift);
    const { set, unit } = this.#seen[depth]!;
    const piece = Math.floor(table / unit);
    // outside the page array there is nothing to record, and the kernel has no tables there
    if (piece >= set.limit || set.has(piece)) return;
    set.add(piece);
    const words = this.#buffers[depth]!;
    if (!readEntries(this.#memory, table, level, from, to, words)) {
      visitor.missing?.(pfn, level.name);
      return;
    }
    visitor.table?.(pfn, level.name, base);
    for (let i = from; i < to; i++) {
      const low = words[2 * i]!;
      const high = words[2 * i + 1]!;
      if (low === 0 && high === 0) continue;
      const address = base + i * 2 ** level.shift;
      const { next } = level;
      if (next && holds(next.when, low, high)) {
        const { extent } = next;
        const entries = 2 ** this.#tables.mode.levels[depth + 1]!.bits;
        const first = extent ? extent.first(low, high) * extent.entries : 0;
        const end = extent ? (extent.last(low, high) + 1) * extent.entries : entries;
        this.#below(next.at(low, high), depth + 1, first, Math.min(end, entries), address, visitor);
        continue;
      }
      const leaf = level.leaves.find(({ when }) => holds(when, low, high));
      if (!leaf) continue;
      const target = leaf.frame(low, high);
      // each entry of a page that spans several adds its own part
      const own = 2 ** Math.min(leaf.shift, level.shift);
      const inPage = leaf.shift > level.shift ? address % 2 ** leaf.shift : 0;
      // bits below a large page are flags (x86: PAT in bit 12), not part of the address
      const start = target - (target % 2 ** leaf.shift) + inPage;
      visitor.leaf?.(Math.floor(start / 2 ** this.#shift), own / 2 ** this.#shift, address);
    }
  }
}
