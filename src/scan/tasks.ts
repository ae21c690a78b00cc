import type { MessagePort } from 'node:worker_threads';
import type { Range } from '../core/ranges.ts';
import type { ColumnName } from '../decode/columns/registry.ts';
import { type Batch, batches } from '../memmap/batches.ts';
import type { Trouble } from '../memmap/page-reader.ts';
import type { RowStyle } from '../table/row-style.ts';
import type { SentChunk } from './chunk-output.ts';
import type { ScanContext } from './context.ts';
import type { FoldName } from './fold.ts';
import { firstPages, type PageCounts, type ScanPlan } from './scan.ts';
import type { TaskText } from './text-output.ts';

/** The output for the rows of a scan. */
export type ScanOutput =
  /** Bytes in order. */
  | { readonly kind: 'text'; readonly columns: readonly ColumnName[]; readonly style: RowStyle }
  /** Columns in order, for binary formats and for computations. */
  | { readonly kind: 'chunk'; readonly columns: readonly ColumnName[] }
  /** A result that is merged in any order, such as counts. */
  | { readonly kind: 'fold'; readonly fold: FoldName };

/** The work that threads share, as plain data. A task is a batch; tasks are numbered by ascending pfn. */
export interface ScanJob<O extends ScanOutput = ScanOutput> {
  readonly plan: ScanPlan;
  readonly ranges: readonly Range[];
  readonly output: O;
  /** Maximum number of finished tasks that wait for their turn. */
  readonly window: number;
}

/** The data with which a worker is started. */
export interface WorkerStart {
  readonly context: ScanContext;
  readonly job: ScanJob;
  readonly control: SharedArrayBuffer;
  /** The worker posts its messages here; used buffers come back. */
  readonly port: MessagePort;
}

/** A worker's output of a task that has an order. */
export type TaskPiece = ({ readonly kind: 'text' } & TaskText) | ({ readonly kind: 'chunk' } & SentChunk);

/** A worker's message: the output of a task, the result of its fold, or why it failed. */
export type WorkerMessage =
  | { readonly kind: 'piece'; readonly task: number; readonly piece: TaskPiece }
  | {
      readonly kind: 'done';
      readonly counts: PageCounts;
      /** Number of rows. */
      readonly rows: number;
      readonly troubles: Trouble[];
      /** The result of a fold. */
      readonly folded?: unknown;
    }
  | { readonly kind: 'failed'; readonly message: string; readonly expected: boolean };

/** Slots of the memory that threads share. */
const NEXT = 0;
const TAKEN = 1;
const STOP = 2;
const TOLD = 3;
const SLOTS = 4;

/** The shared counters of all threads: the next task, the number of tasks taken, and whether to stop. */
export class TaskControl {
  readonly shared: SharedArrayBuffer;
  readonly #slots: Int32Array;
  readonly #total: number;
  readonly #window: number;

  constructor(total: number, window: number, shared: SharedArrayBuffer = new SharedArrayBuffer(SLOTS * 4)) {
    this.shared = shared;
    this.#slots = new Int32Array(shared);
    this.#total = total;
    this.#window = window;
  }

  /** The next task; undefined if there is none, or if none may start yet and `wait` is false. */
  claim(wait: boolean): number | undefined {
    for (;;) {
      const next = Atomics.load(this.#slots, NEXT);
      if (next >= this.#total || this.stopped) return undefined;
      const taken = Atomics.load(this.#slots, TAKEN);
      if (next >= taken + this.#window) {
        if (!wait) return undefined;
        Atomics.wait(this.#slots, TAKEN, taken);
        continue;
      }
      if (Atomics.compareExchange(this.#slots, NEXT, next, next + 1) === next) return next;
    }
  }

  /** Records that the output of another task has been taken. */
  take(): void {
    Atomics.add(this.#slots, TAKEN, 1);
    Atomics.notify(this.#slots, TAKEN);
  }

  stop(): void {
    Atomics.store(this.#slots, STOP, 1);
    Atomics.add(this.#slots, TAKEN, 1);
    Atomics.notify(this.#slots, TAKEN);
  }

  get stopped(): boolean {
    return Atomics.load(this.#slots, STOP) === 1;
  }

  /** Announces a message. */
  tell(): void {
    Atomics.add(this.#slots, TOLD, 1);
    Atomics.notify(this.#slots, TOLD);
  }

  /** Number of messages announced so far, for `listen`. */
  get told(): number {
    return Atomics.load(this.#slots, TOLD);
  }

  /** Blocks until more than `seen` messages have been announced, or some milliseconds have passed. */
  listen(seen: number, milliseconds: number): void {
    Atomics.wait(this.#slots, TOLD, seen, milliseconds);
  }
}

/** The tasks of a job. */
export function tasksOf(job: ScanJob): Batch[] {
  return [...batches(job.ranges, firstPages(job.plan), job.plan.alignment)];
}
