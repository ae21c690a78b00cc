import type { Address, Loops } from '../loops/loops.ts';

/** Texts that a thread may have waiting for their turn, and room for each: a batch of rows of up to 768 bytes. */
const SLOTS = 2;
const SLOT_BYTES = 12 << 20;

/** Where a text is, in memory that all threads see, until it is released. */
export interface TextSlot {
  readonly at: Address;
  readonly length: number;
  /** One number: 1 until whoever takes the text has done with it. */
  readonly busy: Int32Array;
}

/** Says that the text of a slot has been taken. */
export function release(busy: Int32Array): void {
  Atomics.store(busy, 0, 0);
  Atomics.notify(busy, 0);
}

/** Slots in the memory of a thread's loops: rows are encoded where others read them. */
export class TextSlots {
  readonly #slots: readonly TextSlot[];
  /** Those that were taken, the one that is released first in front: texts are taken in the order in which they were made. */
  #taken: TextSlot[] = [];

  constructor(loops: Loops) {
    this.#slots = Array.from({ length: SLOTS }, () => ({
      at: loops.allocate(SLOT_BYTES),
      length: SLOT_BYTES,
      busy: loops.ints(loops.allocate(4), 1),
    }));
  }

  /** A slot, which is busy from now on; undefined if all are, unless `wait`. The same one again if that can be: it is in the cache. */
  take(wait: boolean): TextSlot | undefined {
    for (;;) {
      const slot = this.#slots.find(({ busy }) => Atomics.load(busy, 0) === 0);
      if (slot) {
        Atomics.store(slot.busy, 0, 1);
        this.#taken = this.#taken.filter((s) => s !== slot);
        this.#taken.push(slot);
        return slot;
      }
      if (!wait) return undefined;
      Atomics.wait(this.#taken[0]!.busy, 0, 1);
    }
  }
}
