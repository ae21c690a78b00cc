/** A kind of typed array. */
type Kind<A> = new (buffer: ArrayBuffer, offset: number, length: number) => A;

type Values = Float64Array | Int32Array | Uint32Array | Uint16Array | Uint8Array;

/** Memory of columns. New memory costs page faults and garbage collection, more than what is written to it. */
export class ArrayPool {
  readonly #free: Map<number, ArrayBuffer[]> = new Map();
  #lent: ArrayBuffer[] | undefined;

  /** Calls `make`, whose arrays are lent: the returned function takes them back for others. */
  lend<T>(make: () => T): [made: T, giveBack: () => void] {
    const lent: ArrayBuffer[] = [];
    this.#lent = lent;
    try {
      return [make(), () => this.#take(lent)];
    } finally {
      this.#lent = undefined;
    }
  }

  /** An array with whatever is in its memory. */
  make<A extends Values>(kind: Kind<A> & { readonly BYTES_PER_ELEMENT: number }, length: number): A {
    const bytes = length * kind.BYTES_PER_ELEMENT;
    const buffer = (this.#lent && this.#free.get(bytes)?.pop()) ?? new ArrayBuffer(bytes);
    this.#lent?.push(buffer);
    return new kind(buffer, 0, length);
  }

  /** A copy of an array. */
  copy<A extends Values>(values: A): A {
    const copy = this.make(
      values.constructor as Kind<A> & { readonly BYTES_PER_ELEMENT: number },
      values.length,
    );
    copy.set(values);
    return copy;
  }

  #take(lent: ArrayBuffer[]): void {
    for (const buffer of lent) {
      const free = this.#free.get(buffer.byteLength);
      if (free) free.push(buffer);
      else this.#free.set(buffer.byteLength, [buffer]);
    }
    // once is enough
    lent.length = 0;
  }
}
