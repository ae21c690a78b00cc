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

/** What becomes of the rows of a scan. */
export type ScanOutput =
  /** Bytes, in order. */
  | { readonly kind: 'text'; readonly columns: readonly ColumnName[]; readonly style: RowStyle }
  /** Columns, in order: for binary formats, and for whoever computes with them. */
  | { readonly kind: 'chunk'; readonly columns: readonly ColumnName[] }
  /** Something that is merged in any order, such as counts. */
  | { readonly kind: 'fold'; readonly fold: FoldName };

/** What threads do together, as plain data. A task is a batch; tasks are numbered in order of pfn. */
export interface ScanJob<O extends ScanOutput = ScanOutput> {
  readonly plan: ScanPlan;
  readonly ranges: readonly Range[];
  readonly output: O;
  /** How many tasks may be done before the first of them is taken. */
  readonly window: number;
}

/** What a worker is started with. */
export interface WorkerStart {
  readonly context: ScanContext;
  readonly job: ScanJob;
  readonly control: SharedArrayBuffer;
  /** What the worker tells goes out here, and buffers that were used come back. */
  readonly port: MessagePort;
}

/** What a worker makes of a task whose output is wanted in order. */
export type TaskPiece = ({ readonly kind: 'text' } & TaskText) | ({ readonly kind: 'chunk' } & SentChunk);

/** What a worker tells: the output of a task, what all of its tasks came to, or why it failed. */
export type WorkerMessage =
  | { readonly kind: 'piece'; readonly task: number; readonly piece: TaskPiece }
  | {
      readonly kind: 'done';
      readonly counts: PageCounts;
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

/** Which task is next, how many have been taken, and whether to stop: shared by all threads. */
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

  /** The next task; undefined if there is none, or none may be begun yet and `wait` is false. */
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

  /** Another task's output has been taken. */
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

  /** A message is on its way. */
  tell(): void {
    Atomics.add(this.#slots, TOLD, 1);
    Atomics.notify(this.#slots, TOLD);
  }

  /** How many messages have been sent so far; to be given to `listen`. */
  get told(): number {
    return Atomics.load(this.#slots, TOLD);
  }

  /** Sleeps until more than `seen` messages have been sent, or some milliseconds have passed. */
  listen(seen: number, milliseconds: number): void {
    Atomics.wait(this.#slots, TOLD, seen, milliseconds);
  }
}

/** The tasks of a job. */
export function tasksOf(job: ScanJob): Batch[] {
  return [...batches(job.ranges, firstPages(job.plan), job.plan.alignment)];
}
