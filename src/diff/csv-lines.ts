import type { ByteSource } from '../core/bytes.ts';

const CHUNK = 1 << 20;
const LF = 10;
const CR = 13;
const QUOTE = 34;
const utf8 = new TextDecoder();

/** A cell of a line: its bytes without quotation marks around them. */
export interface Cell {
  start: number;
  end: number;
  /** Whether the cell is between quotation marks; two of them inside stand for one. */
  isQuoted: boolean;
}

/** Splits CSV (RFC 4180) into cells without making text of them. */
export class CsvLines {
  readonly #source: ByteSource;
  readonly #delimiter: number;
  #buffer: Uint8Array = new Uint8Array(2 * CHUNK);
  /** The next byte, and the first after what was read. */
  #at = 0;
  #end = 0;
  #offset = 0;
  readonly #cells: Cell[] = [];

  constructor(source: ByteSource, delimiter: string) {
    this.#source = source;
    this.#delimiter = delimiter.charCodeAt(0);
  }

  /** Splits the next line; returns the number of its cells, 0 at the end of the file. The last ones are then in `cell`. */
  next(): number {
    if (this.#at >= this.#end && !this.#more()) return 0;
    for (;;) {
      const count = this.#split();
      if (count > 0) return count;
      // the line goes on beyond what was read
      if (!this.#more()) return this.#at < this.#end ? this.#split(true) : 0;
    }
  }

  /** The text of a cell of the line. */
  text(index: number): string {
    const { start, end, isQuoted } = this.#cells[index]!;
    const text = utf8.decode(this.#buffer.subarray(start, end));
    return isQuoted ? text.replaceAll('""', '"') : text;
  }

  /** A whole number of 0 or more; -1 if the cell is not one. */
  number(index: number): number {
    const { start, end } = this.#cells[index]!;
    let value = 0;
    for (let i = start; i < end; i++) {
      const digit = this.#buffer[i]! - 48;
      if (digit < 0 || digit > 9) return -1;
      value = value * 10 + digit;
    }
    return end > start ? value : -1;
  }

  /** Whether a cell holds these bytes. */
  equals(index: number, bytes: Uint8Array): boolean {
    const { start, end } = this.#cells[index]!;
    if (end - start !== bytes.length) return false;
    for (let i = 0; i < bytes.length; i++) if (this.#buffer[start + i] !== bytes[i]) return false;
    return true;
  }

  /** A copy of the bytes of a cell. */
  bytes(index: number): Uint8Array {
    const { start, end } = this.#cells[index]!;
    return this.#buffer.slice(start, end);
  }

  /** Splits the line at `at`; returns 0 if its end has not been read. */
  #split(isLast = false): number {
    const buffer = this.#buffer;
    const end = this.#end;
    let at = this.#at;
    let count = 0;
    for (;;) {
      this.#cells[count] ??= { start: 0, end: 0, isQuoted: false };
      const cell = this.#cells[count]!;
      cell.isQuoted = buffer[at] === QUOTE && at < end;
      if (cell.isQuoted) {
        cell.start = ++at;
        while (at < end && (buffer[at] !== QUOTE || buffer[at + 1] === QUOTE)) {
          at += buffer[at] === QUOTE ? 2 : 1;
        }
        // what follows the quotation mark tells whether it is the last
        if (at + 1 >= end && !isLast) return 0;
        cell.end = Math.min(at, end);
        at++;
      } else {
        cell.start = at;
        while (at < end && buffer[at] !== this.#delimiter && buffer[at] !== LF) at++;
        cell.end = at > cell.start && buffer[at - 1] === CR && buffer[at] === LF ? at - 1 : at;
      }
      count++;
      if (at >= end) {
        if (!isLast) return 0;
        this.#at = end;
        return count;
      }
      if (buffer[at] === CR && buffer[at + 1] === LF) at++;
      if (buffer[at++] === LF) {
        this.#at = at;
        return count;
      }
    }
  }

  /** Reads on, behind the part of a line that is there; false at the end of the file. */
  #more(): boolean {
    const rest = this.#buffer.subarray(this.#at, this.#end);
    if (rest.length + CHUNK > this.#buffer.length) {
      const larger = new Uint8Array(2 * this.#buffer.length);
      larger.set(rest);
      this.#buffer = larger;
    } else this.#buffer.copyWithin(0, this.#at, this.#end);
    this.#end = rest.length;
    this.#at = 0;
    const got = this.#source.readInto(this.#offset, this.#buffer.subarray(this.#end, this.#end + CHUNK));
    this.#offset += got;
    this.#end += got;
    return got > 0;
  }
}
