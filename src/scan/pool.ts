import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { milliseconds } from '../core/clock.ts';
import { StructPageError } from '../core/errors.ts';
import type { Inspector } from '../inspector/inspector.ts';
import type { Batch } from '../memmap/batches.ts';
import type { Trouble } from '../memmap/page-reader.ts';
import { addSummary, type Summary } from '../views/summary.ts';
import { contextOf, type ScanContext } from './context.ts';
import { openScan, type PageCounts } from './scan.ts';
import {
  Buffers,
  type ScanJob,
  TaskControl,
  TaskRunner,
  type TaskText,
  tasksOf,
  type WorkerMessage,
  type WorkerStart,
} from './tasks.ts';
import { release } from './text-slots.ts';

/** The command's own bundle, seen from src/inspector, dist/inspector and dist/cli alike. */
const WORKER: URL = new URL('../../dist/scan/worker.js', import.meta.url);
/** One thread begins; how long it works before it is guessed how long it would take alone, in milliseconds. */
const TRIAL = 12;
/** Other threads are worth their start if more than this is left. */
const WORTH = 100;
/** Memory for what a worker throws away at once; with more of it the memory of all grows with their number. */
const YOUNG_MIB = 4;
/** How long to sleep for a message before looking whether a worker has died, in milliseconds. */
const NAP = 20;

/** What another thread failed for, in its words. */
class ThreadError extends StructPageError {
  readonly code = 'format';
  override readonly name = 'ThreadError';
}

/**
 * A scan by several threads, this one among them: each takes the next batch, and what they make of it is put in order
 * here. The threads read the same open files.
 */
export class ScanPool {
  readonly #job: ScanJob;
  readonly #tasks: readonly Batch[];
  readonly #control: TaskControl;
  readonly #runner: TaskRunner;
  readonly #counts: PageCounts;
  readonly #workers: Worker[] = [];
  readonly #ports: MessagePort[] = [];
  readonly #buffers: Buffers = new Buffers();
  /** Texts whose turn has not come yet, by task, and where buffers go back to. */
  readonly #texts: Map<number, { text: TaskText; from: MessagePort | undefined }> = new Map();
  readonly #summaries: Summary[] = [];
  readonly #troubles: Map<string, Trouble>;
  readonly #begun: number = milliseconds();
  readonly #others: number;
  /** What other threads are started with, as long as they may still be. */
  #context: ScanContext | undefined;
  #running = 0;
  #failure: Error | undefined;

  /** `jobs` is the number of threads at the most; others than this one are started when they are worth it, or `atOnce`. */
  constructor(inspector: Inspector, job: ScanJob, jobs: number, counts: PageCounts, atOnce = false) {
    this.#job = job;
    this.#counts = counts;
    this.#troubles = inspector.reader.troubles;
    this.#tasks = tasksOf(job);
    this.#control = new TaskControl(this.#tasks.length, job.window);
    this.#runner = new TaskRunner(openScan(inspector, job.plan, counts), job);
    // a limit is reached in order, so only one thread can know when
    const alone = jobs < 2 || job.plan.limit !== undefined || this.#tasks.length < 2;
    this.#context = alone ? undefined : contextOf(inspector);
    this.#others = jobs - 1;
    if (atOnce) this.#startOthers();
  }

  /** Starts other threads if they are worth it, now that `done` tasks are. */
  #consider(done: number): void {
    if (!this.#context) return;
    const spent = milliseconds() - this.#begun;
    if (spent < TRIAL) return;
    if ((spent / done) * (this.#tasks.length - done) > WORTH) this.#startOthers();
    this.#context = undefined;
  }

  #startOthers(): void {
    const context = this.#context;
    this.#context = undefined;
    if (context) for (let i = 0; i < this.#others; i++) this.#start(context);
  }

  /** The rows as text, in order; each chunk is good until the next one is asked for. */
  async *texts(): AsyncGenerator<Uint8Array> {
    try {
      for (let task = 0; task < this.#tasks.length && !this.#runner.scan.isFull; ) {
        const seen = this.#control.told;
        this.#hear();
        const ready = this.#texts.get(task);
        if (ready) {
          this.#texts.delete(task);
          const { text, from } = ready;
          if (text.bytes.length > 0) yield text.bytes;
          this.#giveBack(text, from);
          this.#control.take();
          task++;
          continue;
        }
        const mine = this.#control.claim(false);
        if (mine === task) {
          yield* this.#runner.run(this.#tasks[mine]!);
          this.#control.take();
          task++;
          this.#consider(task);
        } else if (mine !== undefined) {
          const text = this.#runner.collect(this.#tasks[mine]!, this.#buffers, false);
          this.#texts.set(mine, { text, from: undefined });
        } else {
          if (this.#running === 0 && !this.#texts.has(task) && this.#control.told === seen) {
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

  /** The counts of all threads together. */
  async summary(): Promise<Summary> {
    try {
      let done = 0;
      for (let task = this.#control.claim(false); task !== undefined; task = this.#control.claim(false)) {
        for (const _ of this.#runner.run(this.#tasks[task]!)) {
          // a summary has no text
        }
        this.#control.take();
        this.#consider(++done);
      }
      await this.#finish();
      const summary = this.#runner.counter!.summary();
      for (const other of this.#summaries) addSummary(summary, other);
      return summary;
    } finally {
      await this.#stop();
    }
  }

  #giveBack({ bytes, busy }: TaskText, to: MessagePort | undefined): void {
    if (busy) release(busy);
    else if (bytes.length > 0) {
      const buffer = bytes.buffer as ArrayBuffer;
      if (to) to.postMessage(buffer, [buffer]);
      else this.#buffers.giveBack(buffer);
    }
  }

  #start(context: ScanContext): void {
    const { port1, port2 } = new MessageChannel();
    const start: WorkerStart = { context, job: this.#job, control: this.#control.shared, port: port2 };
    const resourceLimits = { maxYoungGenerationSizeMb: YOUNG_MIB };
    const worker = new Worker(WORKER, { workerData: start, transferList: [port2], resourceLimits });
    worker.on('error', (error: NodeJS.ErrnoException) => {
      // Node.js could not start it, or the system gave it no memory
      const ended = error.code?.startsWith('ERR_WORKER');
      this.#failure ??= ended
        ? new ThreadError(`a thread could not go on (${error.message}); use fewer, with --jobs`)
        : error;
    });
    this.#workers.push(worker);
    this.#ports.push(port1);
    this.#running++;
  }

  /** Takes what the workers have told. */
  #hear(): void {
    for (const port of this.#ports) {
      for (let got = receive(port); got; got = receive(port)) {
        switch (got.kind) {
          case 'text':
            this.#texts.set(got.task, { text: got, from: port });
            break;
          case 'done':
            this.#running--;
            for (const [state, n] of Object.entries(got.counts)) this.#counts[state as keyof PageCounts] += n;
            for (const trouble of got.troubles) this.#troubles.set(trouble.why, trouble);
            if (got.summary) this.#summaries.push(got.summary);
            break;
          case 'failed':
            this.#failure ??= got.expected ? new ThreadError(got.message) : new Error(got.message);
        }
      }
    }
    if (this.#failure) throw this.#failure;
  }

  /** Waits for what all workers have counted. */
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

function receive(port: MessagePort): WorkerMessage | undefined {
  return receiveMessageOnPort(port)?.message as WorkerMessage | undefined;
}

/** Lets the events of the process be heard: a signal, the death of a worker. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
