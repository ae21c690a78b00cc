import { hex, type Pfn, type PhysAddr } from '../core/address.ts';
import { StructPageError } from '../core/errors.ts';
import type { Objects } from '../objects/objects.ts';
import { TableTree } from '../objects/table-tree.ts';
import { addressSpaces } from '../objects/tasks.ts';

/** A page table: its owner, and the address that its first entry maps. */
interface Table {
  readonly owner: string;
  readonly level: string;
  readonly address: bigint;
  readonly isUpper: boolean;
}

/** What a page table entry maps. */
export interface TableEntry {
  readonly name: string;
  /** The virtual address that the entry stands for. */
  readonly maps: bigint;
}

/** Names page table entries by their address space and what they map. */
export class TablePlaces {
  readonly #objects: Objects;
  readonly #limit: Pfn;
  #tables: Map<Pfn, Table> | undefined;

  constructor(objects: Objects, limit: Pfn) {
    this.#objects = objects;
    this.#limit = limit;
  }

  /** The entry at a place; undefined if no tree that can be walked has a table there. */
  at(physical: PhysAddr): TableEntry | undefined {
    const { pageSize } = this.#objects.memory.format;
    this.#tables ??= this.#walk();
    const pfn = Math.floor(physical / pageSize);
    const table = this.#tables.get(pfn);
    const { levels } = this.#objects.memory.space.walker.tables.mode;
    const level = levels.find(({ name }) => name === table?.level);
    if (!table || !level) return undefined;
    const index = Math.floor((physical - pfn * pageSize) / level.entryBytes);
    const address = table.address + (BigInt(index) << BigInt(level.shift));
    // the walk reports addresses of the upper half without sign extension
    const maps = table.isUpper ? BigInt.asUintN(64, BigInt.asIntN(this.#addressBits, address)) : address;
    return { maps, name: `${table.level} of ${table.owner}, maps ${hex(maps)}` };
  }

  /** Bits that the tables translate. */
  get #addressBits(): number {
    const root = this.#objects.memory.space.walker.tables.mode.levels[0]!;
    return root.shift + root.bits;
  }

  #walk(): Map<Pfn, Table> {
    const found = new Map<Pfn, Table>();
    const { memory, walker } = this.#objects.memory.space;
    const { pageSize } = this.#objects.memory.format;
    const tree = new TableTree(memory, walker.tables, this.#limit);
    const half = tree.rootEntries / 2;
    const add = (owner: string, isUpper: boolean) => ({
      table: (pfn: Pfn, level: string, address: number): void => {
        if (!found.has(pfn)) found.set(pfn, { owner, level, address: BigInt(address), isUpper });
      },
    });
    tree.walk(walker.tables.root, half, tree.rootEntries, add('the kernel', true));
    try {
      const mm = this.#objects.struct('mm_struct');
      for (const { mm: at, task } of addressSpaces(this.#objects)) {
        const root = this.#objects.memory.physical(mm.word(at, 'pgd'));
        if (root === undefined) continue;
        const start = Math.floor(root / pageSize) * pageSize;
        tree.walk(start, 0, half, add(`${task.comm} (pid ${task.pid})`, false));
      }
    } catch (error) {
      if (!(error instanceof StructPageError)) throw error;
    }
    return found;
  }
}
