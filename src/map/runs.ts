/** Appends unsigned numbers below 2^53, 7 bits a byte, the lowest first. */
export class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(1024);
  #length = 0;

  number(value: number): void {
    if (this.#length + 8 > this.#bytes.length) {
      const more = new Uint8Array(this.#bytes.length * 2);
      more.set(this.#bytes);
      this.#bytes = more;
    }
    let rest = value;
    while (rest >= 128) {
      this.#bytes[this.#length++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#length++] = rest;
  }

  /** The bytes so far; valid until the next number is written. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }
}

/** Reads what a ByteWriter wrote. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  number(): number {
    let value = 0;
    let factor = 1;
    for (;;) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new RangeError('the data of the map ends too early');
      value += (byte & 127) * factor;
      if (byte < 128) return value;
      factor *= 128;
    }
  }
}

/** Neighbouring positions with the same value: `length` of them. */
export interface Run {
  readonly value: number;
  readonly length: number;
}

/**
 * Encodes runs: the distinct values, then the length of each run and the number of its value among them. Few bytes are distinct,
 * so that deflate finds repetitions.
 */
export class RunWriter {
  readonly #codes: Map<number, number> = new Map();
  readonly #values: ByteWriter = new ByteWriter();
  readonly #runs: ByteWriter = new ByteWriter();
  #count = 0;
  #value = -1;
  #length = 0;

  add(value: number, length: number): void {
    if (value === this.#value) this.#length += length;
    else {
      this.#flush();
      this.#value = value;
      this.#length = length;
    }
  }

  /** The encoded runs; the writer is then empty. */
  take(): Uint8Array<ArrayBuffer> {
    this.#flush();
    const head = new ByteWriter();
    head.number(this.#codes.size);
    head.number(this.#count);
    const parts = [head.bytes, this.#values.bytes, this.#runs.bytes];
    const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      out.set(part, at);
      at += part.length;
    }
    this.#codes.clear();
    this.#values.clear();
    this.#runs.clear();
    this.#count = 0;
    this.#value = -1;
    return out;
  }

  #flush(): void {
    if (this.#length === 0) return;
    let code = this.#codes.get(this.#value);
    if (code === undefined) {
      code = this.#codes.size;
      this.#codes.set(this.#value, code);
      this.#values.number(this.#value);
    }
    this.#runs.number(code);
    this.#runs.number(this.#length - 1);
    this.#count++;
    this.#length = 0;
  }
}

/** Decodes what a RunWriter encoded. */
export function* runsIn(bytes: Uint8Array): Generator<Run> {
  const reader = new ByteReader(bytes);
  const distinct = reader.number();
  const count = reader.number();
  const values = Array.from({ length: distinct }, () => reader.number());
  for (let i = 0; i < count; i++) {
    const value = values[reader.number()]!;
    yield { value, length: reader.number() + 1 };
  }
}
