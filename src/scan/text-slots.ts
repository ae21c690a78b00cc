import type { Address, Loops } from '../loops/loops.ts';

/** Number of texts of a thread that may wait for their turn, and the room for each: a batch of rows of up to 768 bytes. */
const SLOTS = 2;
const SLOT_BYTES = 12 << 20;

/** The place of a text in shared memory, until it is released. */
export interface TextSlot {
  readonly at: Address;
  readonly length: number;
  /** A single number: 1 until the receiver has finished with the text. */
  readonly busy: Int32Array;
}

/** Releases a slot whose text has been taken. */
export function release(busy: Int32Array): void {
  Atomics.store(busy, 0, 0);
  Atomics.notify(busy, 0);
}

/** Slots in the memory of a thread's loops: rows are encoded where others read them. */
export class TextSlots {
  readonly #slots: readonly TextSlot[];
  /** Busy slots, the one to be released first in front: texts are taken in the order in which they were made. */
  #taken: TextSlot[] = [];

  constructor(loops: Loops) {
    this.#slots = Array.from({ length: SLOTS }, () => ({
      at: loops.allocate(SLOT_BYTES),
      length: SLOT_BYTES,
      busy: loops.ints(loops.allocate(4), 1),
    }));
  }

  /** Takes a slot, preferably the previous one, which is in the cache. Undefined if all are busy, unless `wait`. */
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
