import type { ColumnName } from '../../src/decode/columns/registry.ts';
import { pageColumn } from '../../src/decode/columns/registry.ts';
import type { ColumnBatch } from '../../src/decode/decode.ts';
import { setText } from '../../src/table/cells.ts';
import type { Column } from '../../src/table/column.ts';
import { nameText, type RowStyle } from '../../src/table/row-style.ts';

/** Writes the value of a row at `at` of the buffer and returns where it ends. */
type Writer = (page: number, at: number) => number;

const CHUNK = 1 << 20;
/** Longest number or word, with its quotes and key. */
const LONGEST_CELL = 128;
const DIGIT = 0x30;
const MINUS = 0x2d;
const HEX = new TextEncoder().encode('0123456789abcdef');
const encoder = new TextEncoder();

/**
 * Encodes rows of columns as text, straight into bytes: no object and no string a row. Chunks are given out as they are
 * full; each is valid until the next is asked for.
 */
export class RowEncoderTwin {
  readonly #style: RowStyle;
  readonly #columns: readonly ColumnName[];
  readonly #before: readonly Uint8Array[];
  readonly #end: Uint8Array;
  readonly #empty: Uint8Array;
  readonly #quote: Uint8Array;
  /** Texts of names and sets, by column, as they were first met. */
  readonly #texts: Map<number, Uint8Array>[];
  #names: (readonly string[] | undefined)[] = [];
  #buffer: Uint8Array = new Uint8Array(CHUNK + (1 << 16));
  #longest: number;

  constructor(columns: readonly ColumnName[], style: RowStyle) {
    this.#columns = columns;
    this.#style = style;
    this.#before = style.before.map((text) => encoder.encode(text));
    this.#end = encoder.encode(style.end);
    this.#empty = encoder.encode(style.empty);
    this.#quote = encoder.encode(style.quote);
    this.#texts = columns.map(() => new Map());
    this.#longest = columns.length * LONGEST_CELL + this.#end.length;
  }

  /** The rows of a batch as bytes, in chunks of about 1 MiB. */
  *encode(batch: ColumnBatch, rows: Uint32Array): Generator<Uint8Array> {
    const writers = this.#columns.map((name, i) => this.#writer(name, i, batch));
    const count = writers.length;
    let at = 0;
    for (let r = 0; r < rows.length; r++) {
      const page = rows[r]!;
      // texts grow the longest row while they are met, so room is made before each row
      if (at + this.#longest > this.#buffer.length || at > CHUNK) {
        if (at > 0) yield this.#buffer.subarray(0, at);
        at = 0;
        if (this.#longest > this.#buffer.length) this.#buffer = new Uint8Array(this.#longest * 2);
      }
      for (let c = 0; c < count; c++) {
        at = this.#copy(this.#before[c]!, at);
        at = writers[c]!(page, at);
      }
      at = this.#copy(this.#end, at);
    }
    if (at > 0) yield this.#buffer.subarray(0, at);
  }

  #writer(name: ColumnName, index: number, batch: ColumnBatch): Writer {
    const column = batch.columns.get(name)!;
    const write = this.#valueWriter(column, index);
    if (pageColumn(name).ofPlace) return write;
    const { states } = batch;
    return (page, at) => (states[page] === 0 ? write(page, at) : this.#copy(this.#empty, at));
  }

  #valueWriter(column: Column, index: number): Writer {
    switch (column.kind) {
      case 'number': {
        const { values, empty } = column;
        return (page, at) => (empty?.[page] ? this.#copy(this.#empty, at) : this.#number(values[page]!, at));
      }
      case 'word': {
        const { low, high, empty } = column;
        return (page, at) => {
          if (empty?.[page]) return this.#copy(this.#empty, at);
          if (this.#style.words === 'decimal') {
            const digits = (BigInt(high[page]!) << 32n) | BigInt(low[page]!);
            return this.#copy(encoder.encode(String(digits)), at);
          }
          const start = this.#copy(this.#quote, at);
          return this.#copy(this.#quote, this.#word(low[page]!, high[page]!, start));
        };
      }
      case 'name': {
        const { codes, names } = column;
        return (page, at) => this.#copy(this.#text(index, codes[page]!, names, 'name'), at);
      }
      case 'set': {
        const { low, high, names } = column;
        return (page, at) =>
          this.#copy(this.#text(index, high[page]! * 4294967296 + low[page]!, names, 'set'), at);
      }
    }
  }

  #text(index: number, key: number, names: readonly string[], kind: 'name' | 'set'): Uint8Array {
    const texts = this.#texts[index]!;
    if (this.#names[index] !== names) {
      texts.clear();
      this.#names[index] = names;
    }
    let bytes = texts.get(key);
    if (bytes === undefined) {
      const value =
        kind === 'name' ? (names[key] ?? `?${key}`) : setText(key % 4294967296, key / 4294967296, names);
      bytes = value === '' && kind === 'name' ? this.#empty : encoder.encode(nameText(this.#style, value));
      texts.set(key, bytes);
      this.#grow(bytes.length);
    }
    return bytes;
  }

  /** A text longer than any before: later rows need the room, and this one too. */
  #grow(length: number): void {
    if (length <= LONGEST_CELL) return;
    this.#longest += length;
    if (this.#buffer.length < CHUNK + 2 * this.#longest) {
      const larger = new Uint8Array(CHUNK + 4 * this.#longest);
      larger.set(this.#buffer);
      this.#buffer = larger;
    }
  }

  #copy(bytes: Uint8Array, at: number): number {
    const buffer = this.#buffer;
    const { length } = bytes;
    for (let i = 0; i < length; i++) buffer[at + i] = bytes[i]!;
    return at + length;
  }

  #number(value: number, at: number): number {
    const buffer = this.#buffer;
    let rest = value;
    let to = at;
    if (rest < 0) {
      buffer[to++] = MINUS;
      rest = -rest;
    }
    let digits = 1;
    for (let power = 10; rest >= power; power *= 10) digits++;
    let end = to + digits;
    to = end;
    // beyond 31 bits an integer division would wrap; pfns of more than 8 TiB are
    while (rest > 0x7fffffff) {
      const next = Math.floor(rest / 10);
      buffer[--end] = DIGIT + (rest - next * 10);
      rest = next;
    }
    let small = rest | 0;
    do {
      const next = (small / 10) | 0;
      buffer[--end] = DIGIT + (small - next * 10);
      small = next;
    } while (small > 0);
    return to;
  }

  #word(low: number, high: number, at: number): number {
    const buffer = this.#buffer;
    buffer[at] = 0x30;
    buffer[at + 1] = 0x78;
    const digits = high !== 0 ? 16 - (Math.clz32(high) >>> 2) : Math.max(1, 8 - (Math.clz32(low) >>> 2));
    let to = at + 2;
    for (let i = digits - 1; i >= 0; i--) {
      buffer[to++] = HEX[i >= 8 ? (high >>> ((i - 8) * 4)) & 15 : (low >>> (i * 4)) & 15]!;
    }
    return to;
  }
}
