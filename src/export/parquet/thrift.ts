/** Types of Thrift's compact protocol, as its headers of fields and lists name them. */
const TYPE = { true: 1, false: 2, i8: 3, i16: 4, i32: 5, i64: 6, binary: 8, list: 9, struct: 12 } as const;

const utf8 = new TextEncoder();

/** A value of a field or of a list, with its type. */
export type ThriftValue =
  | { readonly type: 'i8' | 'i16' | 'i32'; readonly value: number }
  | { readonly type: 'i64'; readonly value: number }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'binary'; readonly value: string | Uint8Array }
  | { readonly type: 'struct'; readonly value: ThriftStruct }
  | {
      readonly type: 'list';
      readonly of: Exclude<ThriftValue['type'], 'list'>;
      readonly value: readonly Plain[];
    }
  /** A struct that was written before. */
  | { readonly type: 'written'; readonly value: Uint8Array };

type Plain = number | boolean | string | Uint8Array | ThriftStruct;

/** Fields by their number, in ascending order; undefined where there is none. */
export type ThriftStruct = readonly (readonly [id: number, value: ThriftValue | undefined])[];

export const i8 = (value: number): ThriftValue => ({ type: 'i8', value });
export const i16 = (value: number): ThriftValue => ({ type: 'i16', value });
export const i32 = (value: number): ThriftValue => ({ type: 'i32', value });
export const i64 = (value: number): ThriftValue => ({ type: 'i64', value });
export const bool = (value: boolean): ThriftValue => ({ type: 'bool', value });
export const binary = (value: string | Uint8Array): ThriftValue => ({ type: 'binary', value });
export const struct = (...value: ThriftStruct): ThriftValue => ({ type: 'struct', value });
export const list = (of: Exclude<ThriftValue['type'], 'list'>, value: readonly Plain[]): ThriftValue => ({
  type: 'list',
  of,
  value,
});

/** The bytes of a struct in Thrift's compact protocol (thrift-compact-protocol.md of apache/thrift). */
export function thrift(value: ThriftStruct): Uint8Array {
  const writer = new Writer();
  writer.struct(value);
  return writer.take();
}

class Writer {
  #bytes = new Uint8Array(256);
  #length = 0;

  take(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  struct(fields: ThriftStruct): void {
    let last = 0;
    for (const [id, value] of fields) {
      if (value === undefined) continue;
      const type = value.type === 'bool' ? (value.value ? TYPE.true : TYPE.false) : typeOf(value.type);
      if (id - last < 16) this.#byte(((id - last) << 4) | type);
      else {
        this.#byte(type);
        this.#integer(id);
      }
      last = id;
      // the header has said it
      if (value.type !== 'bool') this.#value(value);
    }
    this.#byte(0);
  }

  #value(value: ThriftValue): void {
    switch (value.type) {
      case 'i8':
        this.#byte(value.value & 0xff);
        break;
      case 'i16':
      case 'i32':
      case 'i64':
        this.#integer(value.value);
        break;
      case 'bool':
        this.#byte(value.value ? TYPE.true : TYPE.false);
        break;
      case 'binary': {
        const bytes = typeof value.value === 'string' ? utf8.encode(value.value) : value.value;
        this.#varint(bytes.length);
        this.#put(bytes);
        break;
      }
      case 'struct':
        this.struct(value.value);
        break;
      case 'written':
        this.#put(value.value);
        break;
      case 'list': {
        const type = value.of === 'bool' ? TYPE.true : typeOf(value.of);
        const { length } = value.value;
        this.#byte((Math.min(length, 15) << 4) | type);
        if (length >= 15) this.#varint(length);
        for (const item of value.value) this.#value({ type: value.of, value: item } as ThriftValue);
      }
    }
  }

  /** A whole number, zigzag. */
  #integer(value: number): void {
    this.#varint(value < 0 ? -2 * value - 1 : 2 * value);
  }

  #varint(value: number): void {
    let rest = value;
    for (; rest > 127; rest = Math.floor(rest / 128)) this.#byte((rest % 128) | 128);
    this.#byte(rest);
  }

  #byte(value: number): void {
    this.#room(1);
    this.#bytes[this.#length++] = value;
  }

  #put(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #room(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const larger = new Uint8Array(2 * (this.#length + bytes));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

function typeOf(type: Exclude<ThriftValue['type'], 'bool'>): number {
  return type === 'written' ? TYPE.struct : TYPE[type];
}
