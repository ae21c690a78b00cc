import type { Address, Loops } from '../../loops/loops.ts';
import { setText } from '../../table/cells.ts';
import { type ColumnSpec, nameOf } from '../../table/column.ts';
import { GROUP_ROWS } from './format.ts';
import type { Slice, Workspace } from './workspace.ts';

/** Of a word that nearly every row has another of, a dictionary is of no use. */
const MOST_WORDS = GROUP_ROWS / 4;

const utf8 = new TextEncoder();

/** Words by the order in which they are first met in a row group: codes are found by an open hash. */
export class WordDictionary {
  readonly most: number;
  count = 0;
  /** Words in the table; more than `count` where there were too many. */
  #known = 0;
  readonly #loops: Loops;
  readonly #slotBits: number;
  readonly #slots: Address;
  readonly #words: Address;

  constructor(loops: Loops, most: number = MOST_WORDS) {
    this.#loops = loops;
    this.most = most;
    this.#slotBits = Math.log2(most) + 1;
    this.#slots = loops.allocate(4 * 2 ** this.#slotBits);
    this.#words = loops.allocate(8 * (most + 1));
  }

  clear(): void {
    this.#loops.run.forgetWords(this.#words, this.#known, this.#slots, this.#slotBits);
    this.#known = 0;
    this.count = 0;
  }

  /** Writes the codes of words; false where there would be too many, or more than `room` new ones: it must be cleared then. */
  encode(words: Address, count: number, room: number, to: Address): boolean {
    const most = Math.min(this.most, this.count + room);
    const known = this.#loops.run.internWords(
      words,
      count,
      this.#slots,
      this.#slotBits,
      this.#words,
      this.count,
      most,
      to,
    );
    this.#known = known < 0 ? most : known;
    if (known < 0) return false;
    this.count = known;
    return true;
  }

  /** The words, in the order of their codes. */
  words(): BigUint64Array {
    return this.#loops.longs(this.#words, this.count);
  }

  get at(): Address {
    return this.#words;
  }
}

/** The texts of a dictionary. */
export interface Texts {
  /** The text of each code as UTF-8. */
  readonly texts: readonly Uint8Array[];
  /** The last page that each was met in; the page of code c is at c. */
  readonly seen: Int32Array;
}

/** Names by the order in which they are first met in a row group, from the codes that a table gives them. */
export class NameDictionary {
  readonly #loops: Loops;
  /** Address and room, in names, of what is kept for each code of the table; the order and the pages have room for one more. */
  #room = 0;
  #own: Address = 0;
  #order: Address = 0;
  #seen: Address = 0;
  #names: readonly string[] = [];
  /** How many names have been looked at for whether they are no value. */
  #known = 0;
  readonly #texts: Uint8Array[] = [];

  constructor(loops: Loops) {
    this.#loops = loops;
  }

  clear(): void {
    this.#loops.words(this.#own, this.#room).fill(0);
    this.#loops.words(this.#order, Math.min(1, this.#room)).fill(0);
    this.#known = 0;
  }

  get count(): number {
    return this.#room === 0 ? 0 : this.#loops.ints(this.#order, 1)[0]!;
  }

  /** Writes codes of a slice's names to `workspace.codes` from `done` on. Returns how many rows have one. */
  encode(workspace: Workspace, slice: Slice, page: number, row: number, done: number): number {
    const { column, from, to } = slice;
    if (column.kind !== 'name') throw new TypeError(`a column of ${column.kind}s has no names`);
    const { loops, low, codes, levels } = workspace;
    const values = column.codes.subarray(from, to);
    this.#take(column.names);
    const bytes = values.BYTES_PER_ELEMENT;
    if (bytes === 1) loops.bytes(low, values.length).set(values);
    else if (bytes === 2) loops.shorts(low, values.length).set(values);
    else loops.words(low, values.length).set(values);
    const empty = workspace.putEmpty(slice);
    const [own, order, seen] = [this.#own, this.#order, this.#seen];
    return loops.run.internCodes(
      bytes,
      low,
      values.length,
      empty,
      own,
      order,
      seen,
      page,
      codes + done * 4,
      levels + row,
    );
  }

  /** The texts of this row group's codes, with the last page that each was met in. */
  texts(): Texts {
    const { count } = this;
    const order = this.#loops.ints(this.#order + 4, count);
    const texts = Array.from(order, (code) => this.#text(code));
    return { texts, seen: this.#loops.ints(this.#seen + 4, count) };
  }

  #text(code: number): Uint8Array {
    this.#texts[code] ??= utf8.encode(nameOf(this.#names, code));
    return this.#texts[code];
  }

  /** Makes room for names that came since; names keep their codes. */
  #take(names: readonly string[]): void {
    this.#names = names;
    if (names.length > this.#room) this.#grow(names.length);
    const own = this.#loops.ints(this.#own, this.#room);
    for (; this.#known < names.length; this.#known++) if (names[this.#known] === '') own[this.#known] = -1;
  }

  #grow(wanted: number): void {
    const room = Math.max(256, 2 * wanted);
    const moved = (from: Address): Address => {
      const to = this.#loops.allocate(4 * (room + 1));
      if (this.#room > 0) this.#loops.words(to, this.#room + 1).set(this.#loops.words(from, this.#room + 1));
      return to;
    };
    [this.#own, this.#order, this.#seen] = [moved(this.#own), moved(this.#order), moved(this.#seen)];
    this.#room = room;
  }
}

/** Sets of names, joined by `|`: words whose texts are made of the names of their bits. */
export class SetDictionary {
  readonly words: WordDictionary;
  readonly #loops: Loops;
  readonly #seen: Address;
  #names: readonly string[] = [];
  readonly #texts: Map<bigint, Uint8Array> = new Map();

  constructor(loops: Loops) {
    this.#loops = loops;
    this.words = new WordDictionary(loops, GROUP_ROWS);
    this.#seen = loops.allocate(4 * (GROUP_ROWS + 1));
  }

  /** Writes the codes of the sets of a page, which are words. */
  encode(words: Address, count: number, page: number, names: readonly string[], to: Address): void {
    this.#names = names;
    this.words.encode(words, count, GROUP_ROWS, to);
    this.#loops.run.noteCodes(to, count, this.#seen, page);
  }

  texts(): Texts {
    const texts = Array.from(this.words.words(), (set) => this.#text(set));
    return { texts, seen: this.#loops.ints(this.#seen + 4, texts.length) };
  }

  #text(set: bigint): Uint8Array {
    let text = this.#texts.get(set);
    if (!text) {
      text = utf8.encode(setText(Number(set & 0xffffffffn), Number(set >> 32n), this.#names));
      this.#texts.set(set, text);
    }
    return text;
  }
}

/** Whether a column's values are texts with codes. */
export function isText({ kind }: ColumnSpec): boolean {
  return kind === 'name' || kind === 'set';
}
