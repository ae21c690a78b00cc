import { milliseconds } from '../core/clock.ts';

/** The longest time to wait at once, in milliseconds. */
const LONGEST = 500;

/** Slows work down to a share of one processor, by waiting between its steps. */
export class Throttle {
  readonly #share: number;
  readonly #started: number = milliseconds();
  readonly #before: NodeJS.CpuUsage = process.cpuUsage();

  /** `percent` of one processor; 100 and more never wait. */
  constructor(percent: number) {
    this.#share = percent / 100;
  }

  /** Waits until the processor time since the start is within the share again. */
  async pace(): Promise<void> {
    if (this.#share >= 1) return;
    for (let wait = this.#excess(); wait > 1; wait = this.#excess()) {
      await new Promise((resolve) => setTimeout(resolve, Math.min(wait, LONGEST)));
    }
  }

  #excess(): number {
    const { user, system } = process.cpuUsage(this.#before);
    return (user + system) / 1000 / this.#share - (milliseconds() - this.#started);
  }
}
