import {
  batchText,
  type Inspector,
  intervalFor,
  keysOf,
  press,
  printableJson,
  rowsOf,
  type Sample,
  screenOf,
  type TopFacts,
  type TopState,
  takeSample,
  whyNot,
} from '../index.ts';
import { stdout } from './output.ts';
import type { TopData } from './schemas/top.ts';
import { Screen } from './terminal.ts';

/** How `top` goes about its work. */
export interface TopPlan {
  readonly inspector: Inspector;
  readonly source: string;
  readonly state: TopState;
  /** The part of the time that samples may take, from 0 to 1. */
  readonly share: number;
  readonly jobs: number;
  /** Number of samples; undefined for no end. */
  readonly samples: number | undefined;
}

function factsOf({ inspector, source, share }: TopPlan, interval: number): TopFacts {
  const { release, pageBytes } = inspector.kernel;
  return { source, release, pageBytes, share, interval };
}

/** Prints samples one after the other: as text with so many owners, or as a line of JSON each. Returns the last. */
export async function runBatch(plan: TopPlan, form: number | 'json'): Promise<Sample> {
  const { inspector, state, share, jobs, samples } = plan;
  let before: Sample | undefined;
  for (let i = 1; ; i++) {
    const begun = Date.now();
    const now = await takeSample(inspector, { by: state.by, owner: state.owner, jobs });
    const interval = intervalFor(state.interval, now.cost, share);
    if (form === 'json') await stdout(`${printableJson(topData(now, before, inspector))}\n`);
    else {
      const text = batchText(now, before, state, factsOf(plan, interval), form);
      await stdout(i > 1 ? `\n${text}` : text);
    }
    before = now;
    if (i === samples) return now;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, interval - (Date.now() - begun))));
  }
}

/** A sample as data. */
function topData(now: Sample, before: Sample | undefined, { kernel }: Inspector): TopData {
  const counted = (what: 'uses' | 'owners'): TopData['uses'] =>
    Object.fromEntries(
      rowsOf(now, before, what, 'size').map(({ name, pages, rate }) => [name, { pages, rate: rate ?? null }]),
    );
  return {
    time: now.time.toISOString(),
    pageSize: kernel.pageBytes,
    pages: now.pages,
    by: now.by,
    uses: counted('uses'),
    zones: now.zones.map(({ node, zone, pages, freePages, freeBlocks }) => ({
      node,
      zone,
      pages,
      freePages,
      freeBlocks: freeBlocks.map(Math.round),
    })),
    owner: now.owner,
    owners: counted('owners'),
    unreadable: now.unread,
    gaps: now.gaps,
    milliseconds: now.cost,
  };
}

/** Signals that end the program, and the exit code of each. */
const ENDS: Readonly<Record<string, number>> = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129, SIGQUIT: 131 };
const CONTROL: Readonly<Record<string, keyof typeof ENDS>> = { '\x03': 'SIGINT', '\x1c': 'SIGQUIT' };
const SUSPEND = '\x1a';
/** A pause ends by a key only; milliseconds. */
const LONG = 2 ** 30;

/** Shows samples on the screen until the user quits. Returns the exit code. The terminal is as before whatever happens. */
export async function runScreen(plan: TopPlan): Promise<number> {
  const session = new Session(plan);
  try {
    return await session.run();
  } finally {
    session.close();
  }
}

class Session {
  readonly #plan: TopPlan;
  readonly #screen: Screen;
  readonly #stop = new AbortController();
  #state: TopState;
  #now: Sample | undefined;
  #before: Sample | undefined;
  #interval: number;
  /** The exit code once it is to end. */
  #code: number | undefined;
  #failure: unknown;
  #isDue = true;
  #wake: () => void = () => {};
  readonly #off: (() => void)[] = [];

  constructor(plan: TopPlan) {
    this.#plan = plan;
    this.#state = plan.state;
    this.#interval = plan.state.interval;
    this.#screen = new Screen((text) => this.#keys(text));
    for (const [signal, code] of Object.entries(ENDS)) {
      this.#on(process, signal, () => this.#end(code));
    }
    this.#on(process, 'SIGCONT', () => {
      this.#screen.open();
      this.#draw();
    });
    this.#on(process.stdout, 'resize', () => {
      this.#screen.forget();
      this.#draw();
    });
    // thrown where nobody waits: the terminal must be given back before it is reported
    for (const event of ['uncaughtException', 'unhandledRejection']) {
      this.#on(process, event, (error) => {
        this.#failure ??= error;
        this.#end(70);
      });
    }
  }

  /** Takes samples until the end. */
  async run(): Promise<number> {
    const { samples } = this.#plan;
    for (let taken = 0; this.#code === undefined; ) {
      if (this.#isDue) {
        await this.#sample();
        if (++taken === samples) this.#end(0);
      } else await this.#rest();
    }
    if (this.#failure !== undefined) throw this.#failure;
    return this.#code;
  }

  close(): void {
    for (const off of this.#off) off();
    this.#screen.dispose();
  }

  async #sample(): Promise<void> {
    this.#isDue = false;
    const { inspector, jobs, share } = this.#plan;
    const { by, owner } = this.#state;
    try {
      const now = await takeSample(inspector, { by, owner, jobs, signal: this.#stop.signal });
      this.#before = this.#now;
      this.#now = now;
      this.#interval = intervalFor(this.#state.interval, now.cost, share);
      this.#draw();
    } catch (error) {
      if (!this.#stop.signal.aborted) throw error;
    }
  }

  /** Waits until the next sample is due, or something happens. */
  async #rest(): Promise<void> {
    const begun = this.#now?.at ?? 0;
    const left = begun + this.#interval - Number(process.hrtime.bigint()) / 1e6;
    if (left <= 0 && !this.#state.isPaused) {
      this.#isDue = true;
      return;
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.#state.isPaused ? LONG : left);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #keys(text: string): void {
    for (const key of keysOf(text)) {
      const ended = CONTROL[key];
      if (ended !== undefined) this.#end(ENDS[ended]!);
      else if (key === SUSPEND) this.#suspend();
      else this.#press(key);
    }
  }

  #press(key: string): void {
    const { inspector, share } = this.#plan;
    const { state, quits, samples } = press(
      this.#state,
      key,
      (what) => whyNot(inspector, what) === undefined,
    );
    this.#state = state;
    if (quits) this.#end(0);
    if (samples) this.#isDue = true;
    this.#interval = intervalFor(state.interval, this.#now?.cost ?? 0, share);
    this.#draw();
    this.#wake();
  }

  /** Stops like a program that does not know of this key; SIGCONT shows the screen again. */
  #suspend(): void {
    this.#screen.close();
    process.kill(process.pid, 'SIGTSTP');
  }

  #end(code: number): void {
    this.#code ??= code;
    this.#stop.abort();
    this.#wake();
  }

  #draw(): void {
    if (!this.#now) return;
    const facts = factsOf(this.#plan, this.#interval);
    this.#screen.draw(screenOf(this.#now, this.#before, this.#state, facts, this.#screen.size));
  }

  #on(emitter: NodeJS.EventEmitter, event: string, listener: (...args: unknown[]) => void): void {
    emitter.on(event, listener);
    this.#off.push(() => emitter.off(event, listener));
  }
}
