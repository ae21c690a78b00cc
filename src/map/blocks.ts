import type { Kind, MapSink } from './read-map.ts';

/** Takes what is in each block of 2^shift positions. */
export type BlockSink = (block: number, labels: readonly number[], counts: Uint32Array, zone: number) => void;

/** Counts the labels in each block of 2^shift positions, and gives each block that is complete to `done`. */
export class Blocks implements MapSink {
  readonly #shift: number;
  readonly #done: BlockSink;
  #counts: Uint32Array<ArrayBuffer> = new Uint32Array(256);
  #labels: number[] = [];
  #block = 0;
  #filled = 0;
  #zone = 0;

  constructor(shift: number, done: BlockSink) {
    this.#shift = shift;
    this.#done = done;
  }

  run(_at: number, length: number, kind: Kind): void {
    const size = 2 ** this.#shift;
    if (kind.label >= this.#counts.length) {
      const more = new Uint32Array(Math.max(this.#counts.length * 2, kind.label + 1));
      more.set(this.#counts);
      this.#counts = more;
    }
    for (let left = length; left > 0; ) {
      const part = Math.min(left, size - this.#filled);
      if (this.#counts[kind.label] === 0) this.#labels.push(kind.label);
      this.#counts[kind.label]! += part;
      this.#zone ||= kind.zone;
      this.#filled += part;
      left -= part;
      if (this.#filled === size) this.end();
    }
  }

  /** Gives the last block if it is not complete. */
  end(): void {
    if (this.#filled === 0) return;
    this.#done(this.#block++, this.#labels, this.#counts, this.#zone);
    for (const label of this.#labels) this.#counts[label] = 0;
    this.#labels = [];
    this.#filled = 0;
    this.#zone = 0;
  }
}

/** The label that most pages of a block have; the lowest of several. */
export function most(labels: readonly number[], counts: Uint32Array): number {
  let best = labels[0]!;
  for (const label of labels) {
    const more = counts[label]! - counts[best]!;
    if (more > 0 || (more === 0 && label < best)) best = label;
  }
  return best;
}
