/** Recently decompressed blocks of one size, limited in bytes; the least recently used one is dropped first. */
export class BlockCache {
  readonly #blocks: Map<number, Uint8Array> = new Map();
  readonly #blockSize: number;
  readonly #most: number;
  #lastKey: number = Number.NaN;
  #last: Uint8Array | undefined;

  /** Holds as many blocks as fit into `bytes`, at least two. */
  constructor(blockSize: number, bytes: number) {
    this.#blockSize = blockSize;
    this.#most = Math.max(2, Math.floor(bytes / blockSize));
  }

  get(key: number): Uint8Array | undefined {
    if (key === this.#lastKey) return this.#last;
    const block = this.#blocks.get(key);
    if (!block) return undefined;
    this.#blocks.delete(key);
    this.#blocks.set(key, block);
    this.#lastKey = key;
    this.#last = block;
    return block;
  }

  /** A block to fill and pass to `put`, in the memory of a dropped block or in new memory. */
  take(): Uint8Array {
    if (this.#blocks.size < this.#most) return new Uint8Array(this.#blockSize);
    const [key, block] = this.#blocks.entries().next().value!;
    this.#blocks.delete(key);
    if (key === this.#lastKey) this.#lastKey = Number.NaN;
    return block;
  }

  put(key: number, block: Uint8Array): void {
    this.#blocks.set(key, block);
    this.#lastKey = key;
    this.#last = block;
  }
}
