import type { MessagePort } from 'node:worker_threads';
import type { Range } from '../core/ranges.ts';
import type { ColumnName } from '../decode/columns/registry.ts';
import { type Batch, batches } from '../memmap/batches.ts';
import type { Trouble } from '../memmap/page-reader.ts';
import type { RowStyle } from '../table/row-style.ts';
import { type Summary, SummaryCounter } from '../views/summary.ts';
import type { ScanContext } from './context.ts';
import { RowEncoder } from './row-encoder.ts';
import { firstPages, type PageCounts, type Scan, type ScanPlan } from './scan.ts';
import { release, TextSlots } from './text-slots.ts';

/** What threads do together, as plain data. A task is a batch; tasks are numbered in order of pfn. */
export interface ScanJob {
  readonly plan: ScanPlan;
  readonly ranges: readonly Range[];
  /** Rows as text, or counts. */
  readonly output:
    | { readonly kind: 'summary' }
    | {
        readonly kind: 'text';
        readonly columns: readonly ColumnName[];
        readonly style: RowStyle;
      };
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

/** The text of a task: in a slot that has to be released, or in a buffer of its own. */
export interface TaskText {
  readonly bytes: Uint8Array;
  readonly busy?: Int32Array;
}

/** What a worker tells: the text of a task, what all of its tasks came to, or why it failed. */
export type WorkerMessage =
  | ({ readonly kind: 'text'; readonly task: number } & TaskText)
  | {
      readonly kind: 'done';
      readonly counts: PageCounts;
      readonly troubles: Trouble[];
      readonly summary?: Summary;
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
  return [...batches(job.ranges, firstPages(job.plan))];
}

const NOTHING = new Uint8Array(0);

/** Buffers that were used before: new ones cost a page fault for each 4 KiB. */
export class Buffers {
  readonly #free: ArrayBufferLike[] = [];

  get(length: number): Uint8Array {
    const buffer = this.#free.pop();
    return new Uint8Array(
      buffer && buffer.byteLength >= length ? buffer : new ArrayBuffer(length + (length >> 2)),
    );
  }

  giveBack(buffer: ArrayBufferLike): void {
    if (buffer.byteLength > 0) this.#free.push(buffer);
  }
}

/** Does tasks of a job with one scan, in one thread. */
export class TaskRunner {
  readonly scan: Scan;
  readonly counter: SummaryCounter | undefined;
  readonly #job: ScanJob;
  readonly #encoder: RowEncoder | undefined;
  #slots: TextSlots | undefined;
  #tooLong = false;

  constructor(scan: Scan, job: ScanJob) {
    this.scan = scan;
    this.#job = job;
    const { output } = job;
    if (output.kind === 'summary') this.counter = new SummaryCounter(scan.decoder);
    else this.#encoder = new RowEncoder(scan.decoder, output.columns, output.style);
  }

  /**
   * The text of a batch in one piece, empty for a summary: in a slot if there is one or `wait` says to wait for one, and if
   * the text is not too long for it; else in a buffer that `buffers` had or gets when it is given back.
   */
  collect(batch: Batch, buffers: Buffers, wait: boolean): TaskText {
    const picked = this.scan.read(batch, this.#job.ranges);
    this.counter?.add(picked);
    if (!this.#encoder || picked.count === 0) return { bytes: NOTHING };
    const { loops } = this.scan.decoder.pages;
    this.#slots ??= new TextSlots(loops);
    const slot = this.#tooLong ? undefined : this.#slots.take(wait);
    if (slot) {
      const length = this.#encoder.place(picked, slot.at, slot.length);
      if (length !== undefined) return { bytes: loops.bytes(slot.at, length), busy: slot.busy };
      release(slot.busy);
      this.#tooLong = true;
    }
    let buffer: Uint8Array | undefined;
    let length = 0;
    for (const chunk of this.#encoder.encode(picked)) {
      if (!buffer || length + chunk.length > buffer.length) {
        const larger = buffers.get(length + 2 * chunk.length);
        if (buffer) larger.set(buffer.subarray(0, length));
        buffer = larger;
      }
      buffer.set(chunk, length);
      length += chunk.length;
    }
    return { bytes: buffer ? buffer.subarray(0, length) : NOTHING };
  }

  /** The text of a batch in chunks that are good until the next is asked for; none for a summary. */
  *run(batch: Batch): Generator<Uint8Array> {
    const picked = this.scan.read(batch, this.#job.ranges);
    this.counter?.add(picked);
    if (this.#encoder) yield* this.#encoder.encode(picked);
  }
}
