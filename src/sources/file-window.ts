import type { ByteSource } from '../core/bytes.ts';

const SMALL = 16 * 1024;

/** Serves small reads of a source from a window that grows while reads are in order. */
export class FileWindow {
  readonly #source: ByteSource;
  readonly #size: number;
  #buffer: Uint8Array = new Uint8Array(SMALL);
  #start = 0;
  #length = 0;

  constructor(source: ByteSource, size: number = 512 * 1024) {
    this.#source = source;
    this.#size = size;
  }

  /** Up to `length` bytes; fewer if the source ends. The result is valid until the next call. */
  read(offset: number, length: number): Uint8Array {
    let at = offset - this.#start;
    if (at < 0 || at + length > this.#length) {
      if (length > this.#size) {
        const bytes = new Uint8Array(length);
        return bytes.subarray(0, this.#source.readInto(offset, bytes));
      }
      const inOrder = at >= 0 && at <= this.#length + SMALL;
      const want = inOrder && this.#length > 0 ? this.#size : Math.max(SMALL, length);
      if (want > this.#buffer.length) this.#buffer = new Uint8Array(want === this.#size ? want : length);
      this.#length = this.#source.readInto(offset, this.#buffer.subarray(0, want));
      this.#start = offset;
      at = 0;
    }
    return this.#buffer.subarray(at, Math.min(at + length, this.#length));
  }
}
