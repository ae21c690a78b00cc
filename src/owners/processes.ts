import type { PagingMode } from '../arch/architecture.ts';
import type { Pfn, VirtAddr } from '../core/address.ts';
import { StructPageError } from '../core/errors.ts';
import type { Objects } from '../objects/objects.ts';
import { processTables } from '../objects/process-tables.ts';
import { addressSpaces } from '../objects/tasks.ts';
import type { PageTables } from '../translate/page-walk.ts';
import { type Area, areasOf } from './areas.ts';
import {
  likeliestSwapFormat,
  type SwapFormat,
  USER_ENTRY_FORMATS,
  type UserEntryFormat,
} from './swap-entries.ts';
import { swapFileSizes } from './swap-files.ts';
import { type MappingVisitor, UserTables } from './user-tables.ts';

/** A process with its own memory. Threads, and processes that share an mm_struct (vfork), count as one. */
export interface Process {
  readonly pid: number;
  readonly comm: string;
  readonly mm: VirtAddr;
  /** The task_struct of one of its threads. */
  readonly task: VirtAddr;
  readonly areas: readonly Area[];
  readonly tables: PageTables | undefined;
}

/** Number of entries that decide which swap format a kernel uses. */
const SAMPLE = 1000;

/** Walks the memory of every process. `trouble` receives a sentence about what cannot be read, which is left out. */
export class Processes {
  readonly objects: Objects;
  readonly #limit: Pfn;
  readonly #format: UserEntryFormat | undefined;
  #swap: SwapFormat | undefined;
  readonly #walkers: Map<PagingMode, UserTables> = new Map();
  readonly #trouble: (sentence: string) => void;
  /** Whether the format of swapped pages is known for this architecture. */
  readonly knowsSwap: boolean;

  constructor(objects: Objects, limit: Pfn, trouble: (sentence: string) => void) {
    const { name } = objects.memory.space.walker.tables.architecture;
    this.objects = objects;
    this.#limit = limit;
    this.#format = USER_ENTRY_FORMATS.find(({ architecture }) => architecture === name);
    this.#swap = this.#format?.swap[0];
    this.knowsSwap = this.#format !== undefined;
    const told = new Set<string>();
    this.#trouble = (sentence) => {
      // memory is walked several times
      if (!told.has(sentence)) trouble(sentence);
      told.add(sentence);
    };
  }

  /** All processes, by ascending pid. */
  list(): Process[] {
    const { objects } = this;
    const found: Process[] = [];
    this.attempt('the list of processes', () => {
      for (const { mm, task } of addressSpaces(objects)) {
        const name = `process ${task.pid}`;
        const process = {
          pid: task.pid,
          comm: task.comm,
          mm,
          task: task.address,
          areas: [],
          tables: undefined,
        };
        found.push(
          this.attempt(name, () => ({
            ...process,
            areas: this.#areas(mm),
            tables: processTables(objects, mm),
          })) ?? process,
        );
      }
    });
    this.#chooseSwapFormat(found);
    return found.sort((a, b) => a.pid - b.pid);
  }

  /** Passes everything that the page tables of a process map to `visitor`. */
  walk({ pid, tables, areas }: Process, visitor: MappingVisitor): void {
    if (tables === undefined) return;
    let lost = 0;
    let undecoded = 0;
    const counting: MappingVisitor = { ...visitor, missing: () => lost++, undecoded: () => undecoded++ };
    this.attempt(`the page tables of process ${pid}`, () =>
      this.#walker(tables).walk(tables.root, areas, counting),
    );
    if (undecoded > 0) {
      const { name } = this.objects.memory.space.walker.tables.architecture;
      this.#trouble(
        `${undecoded} page table entries of process ${pid} that are not present (swap, PROT_NONE) are left out: their format on ${name} is not known`,
      );
    }
    if (lost > 0)
      this.#trouble(`${lost} page tables of process ${pid} are not in the dump: what they map is left out`);
  }

  /** The result of `read`; reports what it cannot read, and returns undefined. */
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

  /** Chooses among the formats that an architecture has had, by the entries of processes and the sizes of swap files. */
  #chooseSwapFormat(list: readonly Process[]): void {
    const formats = this.#format?.swap ?? [];
    const sizes = formats.length > 1 ? swapFileSizes(this.objects) : [];
    if (sizes.length === 0) return;
    const sample: bigint[] = [];
    for (const process of list) {
      if (sample.length >= SAMPLE) break;
      this.walk(process, { page: () => {}, raw: (entry) => sample.length < SAMPLE && sample.push(entry) });
    }
    this.#swap = likeliestSwapFormat(
      formats,
      sample,
      sizes,
      this.objects.memory.space.walker.tables.mode.pageShift,
    );
    this.#walkers.clear();
  }

  #walker(tables: PageTables): UserTables {
    let walker = this.#walkers.get(tables.mode);
    if (!walker) {
      const { memory } = this.objects.memory.space;
      walker = new UserTables(memory, tables, this.#format, this.#limit, this.#swap);
      this.#walkers.set(tables.mode, walker);
    }
    return walker;
  }
}
