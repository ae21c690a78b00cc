import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { breath, turn } from '../core/breath.ts';
import { milliseconds } from '../core/clock.ts';
import { StructPageError } from '../core/errors.ts';
import type { PickedRows } from '../decode/decode.ts';
import type { Inspector } from '../inspector/inspector.ts';
import type { Batch } from '../memmap/batches.ts';
import type { Trouble } from '../memmap/page-reader.ts';
import type { TableBatch } from '../table/table.ts';
import { ChunkOutput, ChunkReceiver, type SentChunk } from './chunk-output.ts';
import { contextOf, type ScanContext } from './context.ts';
import { FOLDS, type Fold, type FoldName, type FoldResults } from './fold.ts';
import { openScan, type PageCounts, type Scan } from './scan.ts';
import {
  type ScanJob,
  type ScanOutput,
  TaskControl,
  type TaskPiece,
  tasksOf,
  type WorkerMessage,
  type WorkerStart,
} from './tasks.ts';
import { Buffers, type TaskText, TextOutput } from './text-output.ts';
import { release } from './text-slots.ts';

/** The command's own bundle, as seen from src/inspector, dist/inspector and dist/cli. */
const WORKER: URL = new URL('../../dist/scan/worker.js', import.meta.url);
/** Milliseconds that one thread works before the total time is estimated. */
const TRIAL = 24;
/**
 * Minimum remaining milliseconds for which other threads are started: each opens the memory anew and compiles its own code.
 */
const WORTH = 250;
/** Size of the young generation of a worker; a larger one multiplies by the number of threads. */
const YOUNG_MIB = 4;
/** Milliseconds to wait for a message before checking whether a worker has died. */
const NAP = 20;

/** The failure of another thread, in its words. */
class ThreadError extends StructPageError {
  readonly code = 'format';
  override readonly name = 'ThreadError';
}

/**
 * A scan on several threads, including this one. Each takes the next batch; the output is put in order here. The threads
 * read the same open files.
 */
export class ScanPool {
  readonly #job: ScanJob;
  readonly #tasks: readonly Batch[];
  readonly #control: TaskControl;
  readonly #scan: Scan;
  readonly #counts: PageCounts;
  readonly #workers: Worker[] = [];
  readonly #ports: MessagePort[] = [];
  /** Output that must wait for its turn, by task, with the thread that made it (undefined: this one). */
  readonly #pieces: Map<number, { piece: TaskPiece; from: MessagePort | undefined }> = new Map();
  readonly #folded: unknown[] = [];
  readonly #troubles: Map<string, Trouble>;
  readonly #begun: number = milliseconds();
  readonly #others: number;
  readonly #signal: AbortSignal | undefined;
  /** The data for starting other threads, as long as they may still be started. */
  #context: ScanContext | undefined;
  /** When each number of tasks was done, in milliseconds. */
  readonly #doneAt: number[] = [];
  #running = 0;
  #otherRows = 0;
  #failure: Error | undefined;

  /** `jobs` is the maximum number of threads. Others are started if they are worth it, or `atOnce`. */
  constructor(
    inspector: Inspector,
    job: ScanJob,
    jobs: number,
    counts: PageCounts,
    { atOnce = false, signal }: { atOnce?: boolean; signal?: AbortSignal | undefined } = {},
  ) {
    this.#signal = signal;
    this.#job = job;
    this.#counts = counts;
    this.#troubles = inspector.reader.troubles;
    this.#tasks = tasksOf(job);
    this.#control = new TaskControl(this.#tasks.length, job.window);
    this.#scan = openScan(inspector, job.plan, counts);
    // a limit is reached in order, so only one thread can know when
    // and names of owners are looked up in memory that only the thread that opened it has
    const { limit, maps } = job.plan;
    const alone = jobs < 2 || limit !== undefined || maps?.owners !== undefined || this.#tasks.length < 2;
    this.#context = alone ? undefined : contextOf(inspector);
    this.#others = jobs - 1;
    if (atOnce) this.#startOthers();
  }

  /**
   * Starts other threads if they are worth it after `done` tasks. The first tasks tell little, since new code is slow: the
   * estimate uses the later half.
   */
  #consider(done: number): void {
    if (!this.#context) return;
    const now = milliseconds() - this.#begun;
    this.#doneAt[done] = now;
    if (now < TRIAL) return;
    const half = done >> 1;
    const each = (now - (this.#doneAt[half] ?? 0)) / (done - half);
    if (each * (this.#tasks.length - done) > WORTH) this.#startOthers();
    // the code is fully optimised: the estimate can only fall from now on
    else if (now > 3 * TRIAL) this.#context = undefined;
  }

  #startOthers(): void {
    const context = this.#context;
    this.#context = undefined;
    if (context) for (let i = 0; i < this.#others; i++) this.#start(context);
  }

  /** Number of rows that all threads have picked; final when all output has come. */
  get rows(): number {
    return this.#scan.rows + this.#otherRows;
  }

  /** The rows as text, in order; each piece is valid until the next is requested. */
  async *texts(): AsyncGenerator<Uint8Array> {
    const output = this.#expect('text');
    const texts = new TextOutput(this.#scan.decoder, output.columns, output.style);
    const buffers = new Buffers();
    yield* this.#inOrder<Uint8Array, 'text'>({
      now: (rows) => texts.chunks(rows),
      keep: (rows) => ({ kind: 'text', ...texts.whole(rows, buffers, false) }),
      *open(piece, from) {
        if (piece.bytes.length > 0) yield piece.bytes;
        giveBack(piece, from, buffers);
      },
    });
  }

  /** The rows as columns, in order, in separate arrays. Names of a column keep their codes from batch to batch. */
  async *chunks(): AsyncGenerator<TableBatch> {
    const chunks = new ChunkOutput(this.#scan.decoder, this.#expect('chunk').columns, true);
    const receiver = new ChunkReceiver();
    const open = function* (piece: SentChunk, from: unknown): Generator<TableBatch> {
      const batch = receiver.receive(piece, from);
      if (batch.count > 0) yield batch;
    };
    yield* this.#inOrder<TableBatch, 'chunk'>({
      now: (rows) => open(chunks.chunk(rows), undefined),
      keep: (rows) => ({ kind: 'chunk', ...chunks.chunk(rows) }),
      open,
    });
  }

  /** The result of a fold over the rows of all threads. */
  async fold<N extends FoldName>(name: N): Promise<FoldResults[N]> {
    const fold: Fold<FoldResults[N]> = FOLDS[name];
    const folding = fold.start(this.#scan.decoder);
    try {
      let done = 0;
      for (let task = this.#control.claim(false); task !== undefined; task = this.#control.claim(false)) {
        folding.add(this.#read(task));
        this.#control.take();
        this.#consider(++done);
        this.#signal?.throwIfAborted();
        const due = breath();
        if (due) await due;
      }
      await this.#finish();
      const result = folding.result();
      for (const other of this.#folded) fold.merge(result, other as FoldResults[N]);
      return result;
    } finally {
      await this.#stop();
    }
  }

  #expect<K extends ScanOutput['kind']>(kind: K): Extract<ScanOutput, { kind: K }> {
    const { output } = this.#job;
    if (output.kind !== kind) throw new TypeError(`the job of this pool is ${output.kind}, not ${kind}`);
    return output as Extract<ScanOutput, { kind: K }>;
  }

  #read(task: number): PickedRows {
    return this.#scan.read(this.#tasks[task]!, this.#job.ranges);
  }

  /** The output of all tasks, in order, whichever thread did them. */
  async *#inOrder<T, K extends TaskPiece['kind']>(
    output: Ordered<T, Extract<TaskPiece, { kind: K }>>,
  ): AsyncGenerator<T> {
    try {
      for (let task = 0; task < this.#tasks.length && !this.#scan.isFull; ) {
        this.#signal?.throwIfAborted();
        const due = breath();
        if (due) await due;
        const seen = this.#control.told;
        this.#hear();
        const ready = this.#pieces.get(task);
        if (ready) {
          this.#pieces.delete(task);
          yield* output.open(ready.piece as Extract<TaskPiece, { kind: K }>, ready.from);
          this.#control.take();
          task++;
          continue;
        }
        const mine = this.#control.claim(false);
        if (mine === task) {
          yield* output.now(this.#read(mine));
          this.#control.take();
          task++;
          this.#consider(task);
        } else if (mine !== undefined) {
          this.#pieces.set(mine, { piece: output.keep(this.#read(mine)), from: undefined });
        } else {
          if (this.#running === 0 && !this.#pieces.has(task) && this.#control.told === seen) {
            throw new ThreadError(`batch ${task} was lost by the thread that had it`);
          }
          this.#control.listen(seen, NAP);
          await turn();
        }
      }
      await this.#finish();
    } finally {
      await this.#stop();
    }
  }

  #start(context: ScanContext): void {
    const { port1, port2 } = new MessageChannel();
    const start: WorkerStart = { context, job: this.#job, control: this.#control.shared, port: port2 };
    const resourceLimits = { maxYoungGenerationSizeMb: YOUNG_MIB };
    const worker = new Worker(WORKER, { workerData: start, transferList: [port2], resourceLimits });
    worker.on('error', (error: NodeJS.ErrnoException) => {
      // Node.js could not start it, or lacked the memory for it
      const ended = error.code?.startsWith('ERR_WORKER');
      this.#failure ??= ended
        ? new ThreadError(`a thread could not go on (${error.message}); use fewer, with --jobs`)
        : error;
    });
    this.#workers.push(worker);
    this.#ports.push(port1);
    this.#running++;
  }

  /** Handles the messages of the workers. */
  #hear(): void {
    for (const port of this.#ports) {
      for (let got = receive(port); got; got = receive(port)) {
        switch (got.kind) {
          case 'piece':
            this.#pieces.set(got.task, { piece: got.piece, from: port });
            break;
          case 'done':
            this.#running--;
            this.#otherRows += got.rows;
            for (const [state, n] of Object.entries(got.counts)) this.#counts[state as keyof PageCounts] += n;
            for (const trouble of got.troubles) this.#troubles.set(trouble.why, trouble);
            if (got.folded !== undefined) this.#folded.push(got.folded);
            break;
          case 'failed':
            this.#failure ??= got.expected ? new ThreadError(got.message) : new Error(got.message);
        }
      }
    }
    if (this.#failure) throw this.#failure;
  }

  /** Waits for the folds of all workers. */
  async #finish(): Promise<void> {
    for (;;) {
      const seen = this.#control.told;
      this.#hear();
      if (this.#running === 0) return;
      this.#control.listen(seen, NAP);
      await turn();
    }
  }

  async #stop(): Promise<void> {
    this.#control.stop();
    for (const port of this.#ports) port.close();
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

/** How a thread makes output that has an order. */
interface Ordered<T, P> {
  /** Output of rows whose turn it is; valid until the next is requested. */
  now(rows: PickedRows): Iterable<T>;
  /** Output of rows that must wait for their turn. */
  keep(rows: PickedRows): P;
  /** Output of a piece whose turn has come. */
  open(piece: P, from: MessagePort | undefined): Iterable<T>;
}

function giveBack({ bytes, busy }: TaskText, to: MessagePort | undefined, buffers: Buffers): void {
  if (busy) release(busy);
  else if (bytes.length > 0) {
    const buffer = bytes.buffer as ArrayBuffer;
    if (to) to.postMessage(buffer, [buffer]);
    else buffers.giveBack(buffer);
  }
}

function receive(port: MessagePort): WorkerMessage | undefined {
  return receiveMessageOnPort(port)?.message as WorkerMessage | undefined;
}
