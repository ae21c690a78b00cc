import type { ByteSource } from '../core/bytes.ts';

const SMALL = 16 * 1024;

/** Small reads of a source, served from a window that grows while they come in order of their place. */
export class FileWindow {
  readonly #source: ByteSource;
  readonly #buffer: Uint8Array;
  #start = 0;
  #length = 0;

  constructor(source: ByteSource, size: number = 512 * 1024) {
    this.#source = source;
    this.#buffer = new Uint8Array(size);
  }

  /** Up to `length` bytes; fewer where the source ends. The result is good until the next call. */
  read(offset: number, length: number): Uint8Array {
    let at = offset - this.#start;
    if (at < 0 || at + length > this.#length) {
      if (length > this.#buffer.length) {
        const bytes = new Uint8Array(length);
        return bytes.subarray(0, this.#source.readInto(offset, bytes));
      }
      const inOrder = at >= 0 && at <= this.#length + SMALL;
      const want = inOrder ? this.#buffer.length : Math.min(this.#buffer.length, Math.max(SMALL, length));
      this.#length = this.#source.readInto(offset, this.#buffer.subarray(0, want));
      this.#start = offset;
      at = 0;
    }
    return this.#buffer.subarray(at, Math.min(at + length, this.#length));
  }
}
