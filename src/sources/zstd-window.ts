/** The part of fzstd's stream decoder (0.1.x) that holds a frame's window: the latest output, newest last. */
interface FrameState {
  w: Uint8Array;
}

/** Windows up to this size can be moved as fast as they are read. */
const SMALL = 1024 * 1024;
/** Number of bytes after which the window is copied back to the start of its buffer. */
const SLACK = 8 * 1024 * 1024;

/**
 * Makes the window of fzstd's stream decoder slide over a larger buffer. fzstd itself moves the whole window for each block
 * of 128 KiB. With `zstd --long` these are 128 MiB per block: 20 s for a dump of 400 MiB that decodes in 1 s.
 *
 * Call `given` from the decoder's callback. Right after that fzstd shifts `w` by the block's length and stores the block at
 * its end. `given` therefore puts an empty array in its place, whose `set` stores the block here and restores the moved
 * window.
 */
export class SlidingWindow {
  #frame: FrameState | undefined;
  #buffer: Uint8Array = new Uint8Array(0);
  #at = 0;
  #size = 0;

  /** `frame` is the state of the frame of the block. Other versions of fzstd, without such a state, are left alone. */
  given(frame: Partial<FrameState> | undefined): void {
    if (!(frame?.w instanceof Uint8Array)) return;
    const state = frame as FrameState;
    if (state !== this.#frame && !this.#begin(state)) return;
    const detour = new Uint8Array(0);
    detour.set = (block) => {
      state.w = this.#push(block as Uint8Array);
    };
    state.w = detour;
  }

  #begin(state: FrameState): boolean {
    if (state.w.length <= SMALL) return false;
    this.#frame = state;
    this.#size = state.w.length;
    this.#at = 0;
    this.#buffer = new Uint8Array(this.#size + Math.max(SLACK, this.#size >> 2));
    return true;
  }

  #push(block: Uint8Array): Uint8Array {
    if (this.#at + this.#size + block.length > this.#buffer.length) {
      this.#buffer.copyWithin(0, this.#at, this.#at + this.#size);
      this.#at = 0;
    }
    this.#buffer.set(block, this.#at + this.#size);
    this.#at += block.length;
    return this.#buffer.subarray(this.#at, this.#at + this.#size);
  }
}
