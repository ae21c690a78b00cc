import { milliseconds } from '../core/clock.ts';
import type { Inspector } from '../inspector/inspector.ts';
import { countBy, type SampleOptions, type TopOwner, takeSample } from '../top/sample.ts';
import type { Measured } from './families.ts';

/** What a meter measures. */
export interface MeterOptions extends Omit<SampleOptions, 'owner'> {
  readonly owners: readonly TopOwner[];
  /** The part of the time that samples may take, from 0 to 1. */
  readonly share: number;
}

/** Measures on demand, but no more often than its share of the time allows. */
export class Meter {
  readonly #inspector: Inspector;
  readonly #options: MeterOptions;
  #last: Measured | undefined;
  #until = 0;
  #running: Promise<Measured> | undefined;

  constructor(inspector: Inspector, options: MeterOptions) {
    this.#inspector = inspector;
    this.#options = options;
  }

  /** What is so now. Who asks during a sample waits for it; who asks soon after one gets that one. */
  measure(): Promise<Measured> {
    if (this.#last !== undefined && milliseconds() < this.#until) return Promise.resolve(this.#last);
    this.#running ??= this.#measure().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #measure(): Promise<Measured> {
    const { owners, share, ...common } = this.#options;
    const begun = milliseconds();
    const [first = 'slab_cache', ...others] = owners;
    const sample = await takeSample(this.#inspector, { ...common, owner: first });
    const counted = new Map([[first, sample.owners]]);
    for (const owner of others) counted.set(owner, await countBy(this.#inspector, owner, common.signal));
    const cost = milliseconds() - begun;
    this.#until = begun + cost / share;
    this.#last = { sample: { ...sample, cost }, owners: counted };
    return this.#last;
  }
}
