/** A value of a field of a table; what is undefined is left out, and so has its default. */
export type FlatValue =
  | { readonly type: 'i8' | 'i16' | 'i32'; readonly value: number }
  | { readonly type: 'i64'; readonly value: number }
  | { readonly type: 'text'; readonly value: string }
  | { readonly type: 'table'; readonly value: FlatTable }
  | { readonly type: 'tables'; readonly value: readonly FlatTable[] }
  /** Structs of 64-bit numbers, `each` of them to a struct. */
  | { readonly type: 'structs'; readonly each: number; readonly value: readonly bigint[] };

/** The fields of a table by their number in its schema. */
export type FlatTable = readonly (FlatValue | undefined)[];

export const byte = (value: number | boolean): FlatValue => ({ type: 'i8', value: Number(value) });
export const short = (value: number): FlatValue => ({ type: 'i16', value });
export const int = (value: number): FlatValue => ({ type: 'i32', value });
export const long = (value: number): FlatValue => ({ type: 'i64', value });
export const text = (value: string): FlatValue => ({ type: 'text', value });
export const table = (...value: FlatTable): FlatValue => ({ type: 'table', value });
export const tables = (value: readonly FlatTable[]): FlatValue => ({ type: 'tables', value });
export const structs = (each: number, value: readonly bigint[]): FlatValue => ({
  type: 'structs',
  each,
  value,
});

const SIZE = { i8: 1, i16: 2, i32: 4, i64: 8 } as const;
const utf8 = new TextEncoder();

/** The bytes of a table as a FlatBuffer, padded to 8 bytes (flatbuffers.dev, "FlatBuffer Internals"). */
export function flatbuffer(root: FlatTable): Uint8Array {
  const writer = new Writer();
  const at = writer.reserve(4, 4);
  writer.refer(at, writer.table(root));
  return writer.take();
}

class Writer {
  #bytes = new Uint8Array(1024);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  take(): Uint8Array {
    this.reserve(0, 8);
    return this.#bytes.subarray(0, this.#length);
  }

  /** Room for bytes at a multiple of `alignment`; where it is. */
  reserve(bytes: number, alignment: number): number {
    const at = Math.ceil(this.#length / alignment) * alignment;
    this.#length = at + bytes;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#length);
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return at;
  }

  /** Writes to `at` how far behind it something is. */
  refer(at: number, to: number): void {
    this.#view.setUint32(at, to - at, true);
  }

  /** Writes a table and all that it refers to, behind it; where the table is. */
  table(fields: FlatTable): number {
    const index = this.reserve(4 + 2 * fields.length, 2);
    const at = this.reserve(4, 8);
    this.#view.setInt32(at, at - index, true);
    const places = fields.map((field) => {
      if (!field) return 0;
      const size = field.type in SIZE ? SIZE[field.type as keyof typeof SIZE] : 4;
      return this.reserve(size, size);
    });
    this.#view.setUint16(index, 4 + 2 * fields.length, true);
    this.#view.setUint16(index + 2, this.#length - at, true);
    for (const [i, place] of places.entries()) {
      if (place > 0) this.#view.setUint16(index + 4 + 2 * i, place - at, true);
    }
    for (const [i, field] of fields.entries()) if (field) this.#field(field, places[i]!);
    return at;
  }

  #field(field: FlatValue, at: number): void {
    switch (field.type) {
      case 'i8':
        this.#view.setInt8(at, field.value);
        break;
      case 'i16':
        this.#view.setInt16(at, field.value, true);
        break;
      case 'i32':
        this.#view.setInt32(at, field.value, true);
        break;
      case 'i64':
        this.#view.setBigInt64(at, BigInt(field.value), true);
        break;
      case 'text':
        this.refer(at, this.#text(field.value));
        break;
      case 'table':
        this.refer(at, this.table(field.value));
        break;
      case 'tables': {
        const start = this.reserve(4 + 4 * field.value.length, 4);
        this.refer(at, start);
        this.#view.setUint32(start, field.value.length, true);
        for (const [i, item] of field.value.entries()) this.refer(start + 4 + 4 * i, this.table(item));
        break;
      }
      case 'structs':
        this.refer(at, this.#structs(field.value, field.each));
    }
  }

  #text(value: string): number {
    const bytes = utf8.encode(value);
    const at = this.reserve(4 + bytes.length + 1, 4);
    this.#view.setUint32(at, bytes.length, true);
    this.#bytes.set(bytes, at + 4);
    return at;
  }

  #structs(values: readonly bigint[], each: number): number {
    // the length stands in front of the first struct, which begins at a multiple of 8
    this.reserve(4, 8);
    const at = this.reserve(4, 4);
    this.#view.setUint32(at, values.length / each, true);
    const first = this.reserve(8 * values.length, 8);
    for (const [i, value] of values.entries()) this.#view.setBigInt64(first + 8 * i, value, true);
    return at;
  }
}
