import type { Pfn, PhysAddr } from '../core/address.ts';
import type { PhysicalMemory } from '../sources/image-format.ts';
import type { PageTables } from '../translate/page-walk.ts';
import { type FastLevel, fastLevels, holds, readEntries } from './entry-halves.ts';

/** What is told of a tree of page tables. */
export interface TableVisitor {
  /** A table: its page frame, the name of its level (`pgd`, ..., `pte`), and the first address that it maps. */
  table?(pfn: Pfn, level: string, address: number): void;
  /** An entry that maps memory: the first page frame, how many, and the first address. */
  leaf?(pfn: Pfn, count: number, address: number): void;
  /** A table that cannot be read; the walk goes on behind it. */
  missing?(pfn: Pfn, level: string): void;
}

/** Tells which page frames were met: 1 bit a frame. */
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
 * Walks whole trees of page tables. Each table is visited once at its level in the life of a walker, so trees that share
 * tables, and damaged ones that loop, cost what there is of memory at the most. Addresses are told as the processor
 * translates them, without the copies of the top bit above them.
 */
export class TableTree {
  readonly #memory: PhysicalMemory;
  readonly #tables: PageTables;
  readonly #levels: readonly FastLevel[];
  /** By the pieces of memory that tables of a level are as large as, or pages where those are smaller. */
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

  /** Walks the tree below `root`, only the entries [from, to) of the root table itself. */
  walk(root: PhysAddr, from: number, to: number, visitor: TableVisitor): void {
    this.#below(root, 0, from, to, 0, visitor);
  }

  /** Entries of the root table. */
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
    // outside of the page array there is nothing to mark, and nothing that the kernel keeps tables in
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
      // of a page that several entries stand for each tells its own part
      const own = 2 ** Math.min(leaf.shift, level.shift);
      const inPage = leaf.shift > level.shift ? address % 2 ** leaf.shift : 0;
      // bits below a large page are flags (x86: PAT in bit 12), not address
      const start = target - (target % 2 ** leaf.shift) + inPage;
      visitor.leaf?.(Math.floor(start / 2 ** this.#shift), own / 2 ** this.#shift, address);
    }
  }
}
