import type { Pfn, PhysAddr, VirtAddr } from '../core/address.ts';
import { StructPageError } from '../core/errors.ts';
import type { Objects } from '../objects/objects.ts';
import { addressSpaces } from '../objects/tasks.ts';
import { type Area, areasOf } from './areas.ts';
import { USER_ENTRY_FORMATS } from './swap-entries.ts';
import { type MappingVisitor, UserTables } from './user-tables.ts';

/** A process with memory of its own; threads, and processes that share an mm_struct (vfork), are one. */
export interface Process {
  readonly pid: number;
  readonly comm: string;
  readonly mm: VirtAddr;
  readonly areas: readonly Area[];
  readonly root: PhysAddr | undefined;
}

/** Walks the memory of every process. What cannot be read is given to `trouble` as a sentence, and left out. */
export class Processes {
  readonly objects: Objects;
  readonly #tables: UserTables;
  readonly #trouble: (sentence: string) => void;
  /** Whether this architecture's entries of swapped pages are known. */
  readonly knowsSwap: boolean;

  constructor(objects: Objects, limit: Pfn, trouble: (sentence: string) => void) {
    const { walker, memory } = objects.memory.space;
    const format = USER_ENTRY_FORMATS.find((f) => f.architecture === walker.tables.architecture.name);
    this.objects = objects;
    this.knowsSwap = format !== undefined;
    this.#tables = new UserTables(memory, walker.tables, format, limit);
    this.#trouble = trouble;
  }

  /** All processes, by ascending pid. */
  list(): Process[] {
    const { objects } = this;
    const found: Process[] = [];
    this.attempt('the list of processes', () => {
      for (const { mm, task } of addressSpaces(objects)) {
        const name = `process ${task.pid}`;
        const process = { pid: task.pid, comm: task.comm, mm, areas: [], root: undefined };
        found.push(
          this.attempt(name, () => ({ ...process, areas: this.#areas(mm), root: this.#root(mm) })) ?? process,
        );
      }
    });
    return found.sort((a, b) => a.pid - b.pid);
  }

  /** Tells what the page tables of a process map. */
  walk({ pid, root, areas }: Process, visitor: MappingVisitor): void {
    if (root === undefined) return;
    let lost = 0;
    const counting: MappingVisitor = { ...visitor, missing: () => lost++ };
    this.attempt(`the page tables of process ${pid}`, () => this.#tables.walk(root, areas, counting));
    if (lost > 0)
      this.#trouble(`${lost} page tables of process ${pid} are not in the dump: what they map is left out`);
  }

  /** What `read` gives; what it cannot read is told, and nothing comes of it. */
  attempt<T>(what: string, read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof StructPageError)) throw error;
      this.#trouble(`${what} cannot be read to the end: ${error.message}`);
      return undefined;
    }
  }

  #areas(mm: VirtAddr): Area[] {
    return areasOf(this.objects, mm).sort((a, b) => a.start - b.start);
  }

  #root(mm: VirtAddr): PhysAddr | undefined {
    const { memory } = this.objects;
    return memory.physical(this.objects.struct('mm_struct').word(mm, 'pgd'));
  }
}
