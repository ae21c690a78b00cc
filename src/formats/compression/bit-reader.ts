/** Thrown at the end of the input, so that a file that is cut off can be told from a damaged one. */
export class EndOfInput extends Error {
  override readonly name = 'EndOfInput';
}

/** Reads bits from a stream of chunks, the highest bit of each byte first. */
export class BitReader {
  readonly #chunks: Iterator<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array(0);
  #at = 0;
  #bits = 0;
  #count = 0;

  constructor(chunks: Iterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.iterator]();
  }

  /** The next `n` bits, at most 24. Throws EndOfInput. */
  take(n: number): number {
    while (this.#count < n) {
      this.#bits = ((this.#bits << 8) | this.#byte()) & 0x7fffffff;
      this.#count += 8;
    }
    this.#count -= n;
    const value = (this.#bits >>> this.#count) & ((1 << n) - 1);
    this.#bits &= (1 << this.#count) - 1;
    return value;
  }

  /** The next 32 bits as an unsigned number. */
  take32(): number {
    const high = this.take(16);
    return high * 65536 + this.take(16);
  }

  /** Skips to the start of the next byte. */
  align(): void {
    this.take(this.#count % 8);
  }

  /** Whether nothing is left. Call it at the start of a byte. */
  get atEnd(): boolean {
    return this.#count === 0 && !this.#fill();
  }

  #byte(): number {
    if (!this.#fill()) throw new EndOfInput('the data ends early');
    return this.#chunk[this.#at++]!;
  }

  #fill(): boolean {
    while (this.#at >= this.#chunk.length) {
      const next = this.#chunks.next();
      if (next.done) return false;
      this.#chunk = next.value;
      this.#at = 0;
    }
    return true;
  }
}
