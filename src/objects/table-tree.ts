import type { Pfn, PhysAddr } from '../core/address.ts';
import type { PhysicalMemory } from '../sources/image-format.ts';
import type { PageTables } from '../translate/page-walk.ts';

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
  readonly #seen: PfnSet[];
  readonly #buffers: Uint32Array[];
  readonly #shift: number;

  constructor(memory: PhysicalMemory, tables: PageTables, limit: Pfn) {
    this.#memory = memory;
    this.#tables = tables;
    this.#shift = tables.mode.pageShift;
    this.#seen = tables.mode.levels.map(() => new PfnSet(limit));
    this.#buffers = tables.mode.levels.map(({ bits }) => new Uint32Array(2 << bits));
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
    const { levels } = this.#tables.mode;
    const { entry } = this.#tables.architecture;
    const level = levels[depth]!;
    const pfn = Math.floor(table / 2 ** this.#shift);
    const seen = this.#seen[depth]!;
    // outside of the page array there is nothing to mark, and nothing that the kernel keeps tables in
    if (pfn >= seen.limit || seen.has(pfn)) return;
    seen.add(pfn);
    const words = this.#buffers[depth]!;
    const bytes = new Uint8Array(words.buffer);
    if (this.#memory.readInto(table, bytes) < bytes.length) {
      visitor.missing?.(pfn, level.name);
      return;
    }
    visitor.table?.(pfn, level.name, base);
    const last = depth === levels.length - 1;
    const present = halves(entry.present);
    const large = halves(entry.large);
    const frame = halves(entry.frame & ~this.#tables.ignoredBits);
    for (let i = from; i < to; i++) {
      const low = words[2 * i]!;
      const high = words[2 * i + 1]!;
      if (low === 0 && high === 0) continue;
      if (((low & present.low) | 0) !== present.low || ((high & present.high) | 0) !== present.high) continue;
      const target = ((low & frame.low) >>> 0) + ((high & frame.high) >>> 0) * 4294967296;
      const address = base + i * 2 ** level.shift;
      const leaf =
        last ||
        (level.mayBeLeaf &&
          ((low & large.low) | 0) === large.low &&
          ((high & large.high) | 0) === large.high);
      if (leaf) {
        const size = 2 ** level.shift;
        // bits below a large page are flags (x86: PAT in bit 12), not address
        visitor.leaf?.(
          Math.floor((target - (target % size)) / 2 ** this.#shift),
          2 ** (level.shift - this.#shift),
          address,
        );
      } else this.#below(target, depth + 1, 0, 2 ** levels[depth + 1]!.bits, address, visitor);
    }
  }
}

function halves(mask: bigint): { readonly low: number; readonly high: number } {
  return { low: Number(BigInt.asIntN(32, mask)), high: Number(BigInt.asIntN(32, mask >> 32n)) };
}
