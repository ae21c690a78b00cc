import type { ColumnSpec } from '../../table/column.ts';
import type { ValueType } from '../../table/value-type.ts';
import { isText, NameDictionary, SetDictionary, type Texts, WordDictionary } from './dictionary.ts';
import { ENCODING } from './format.ts';
import { dataPageHeader, dictionaryPageHeader } from './metadata.ts';
import { type Extremes, extremesOfDoubles, TextExtremes, together } from './statistics.ts';
import { putWords } from './values.ts';
import type { Slice, Workspace } from './workspace.ts';

/** A page of a column, written, and what a reader may know of it before it reads it. */
export interface EncodedPage {
  readonly bytes: readonly Uint8Array[];
  /** Bytes with the header, as they are and as they were before compression. */
  readonly size: number;
  readonly plainSize: number;
  readonly rows: number;
  readonly empty: number;
  /** Undefined if no row has a value. */
  readonly extremes: Extremes | undefined;
}

/** A column of a row group, written. */
export interface EncodedColumn {
  readonly dictionary: Omit<EncodedPage, 'extremes' | 'empty' | 'rows'> | undefined;
  readonly pages: readonly EncodedPage[];
  readonly encodings: readonly number[];
  readonly extremes: Extremes | undefined;
}

/** Pages that are shorter are given a dictionary whatever they hold. */
const SHORT_PAGE = 1024;

/** Encodes one column of one row group after the other. Row groups know nothing of each other. */
export class ColumnEncoder {
  readonly spec: ColumnSpec;
  readonly type: ValueType;
  readonly #workspace: Workspace;
  readonly #names: NameDictionary | undefined;
  readonly #sets: SetDictionary | undefined;
  readonly #words: WordDictionary | undefined;
  readonly #textExtremes: TextExtremes = new TextExtremes();
  /** Of words: whether the dictionary is still used. */
  #usesDictionary = true;
  #dictionaryPages = 0;
  readonly #encodings: Set<number> = new Set();
  #pages: EncodedPage[] = [];

  constructor(workspace: Workspace, spec: ColumnSpec, type: ValueType) {
    this.#workspace = workspace;
    this.spec = spec;
    this.type = type;
    const { loops } = workspace;
    if (spec.kind === 'name') this.#names = new NameDictionary(loops);
    else if (spec.kind === 'set') this.#sets = new SetDictionary(loops);
    else this.#words = new WordDictionary(loops);
  }

  /** Encodes the rows of these slices as the next page. */
  add(slices: readonly Slice[]): void {
    const { words, codes, levels, body } = this.#workspace;
    const rows = slices.reduce((sum, { from, to }) => sum + to - from, 0);
    const page = this.#pages.length + 1;
    let row = 0;
    let count = 0;
    for (const slice of slices) {
      count += this.#names
        ? this.#names.encode(this.#workspace, slice, page, row, count)
        : putWords(this.#workspace, this.spec, slice, row, count);
      row += slice.to - slice.from;
    }
    const empty = rows - count;
    const start = this.#putLevels(levels, rows);
    let encoding: number = ENCODING.plain;
    let end = start;
    let extremes: Extremes | undefined;
    if (count > 0) {
      if (this.#sets) {
        const { column } = slices[0]!;
        this.#sets.encode(words, count, page, column.kind === 'set' ? column.names : [], codes);
      }
      if (isText(this.spec)) {
        [encoding, end] = [ENCODING.dictionary, this.#putCodes(count, start)];
        extremes = this.#textExtremes.of(this.#texts(), page);
      } else {
        [encoding, end] = this.#putWords(count, start);
        extremes = this.#extremes(count);
      }
    }
    this.#encodings.add(encoding);
    const plain = end - body;
    const bytes = this.#workspace.compress(body, plain);
    const header = dataPageHeader({ rows, encoding, plain, size: bytes.length });
    this.#pages.push({
      bytes: [header, bytes],
      size: header.length + bytes.length,
      plainSize: header.length + plain,
      rows,
      empty,
      extremes,
    });
  }

  /** The row group's column; what follows is the next one's. */
  finish(): EncodedColumn {
    const dictionary = this.#dictionaryPages > 0 ? this.#dictionary() : undefined;
    const pages = this.#pages;
    const extremes = together(
      pages.map((p) => p.extremes),
      this.type,
    );
    const column = { dictionary, pages, encodings: [...this.#encodings, ENCODING.rle], extremes };
    this.#pages = [];
    this.#encodings.clear();
    this.#usesDictionary = true;
    this.#dictionaryPages = 0;
    this.#textExtremes.clear();
    this.#names?.clear();
    this.#sets?.words.clear();
    this.#words?.clear();
    return column;
  }

  /** Writes which rows have a value, with its length in front; where the page goes on. */
  #putLevels(levels: number, rows: number): number {
    const { loops, body } = this.#workspace;
    const end = loops.run.packLevels(levels, rows, body + 4);
    loops.words(body, 1)[0] = end - body - 4;
    return end;
  }

  /** Writes codes, with their width in front. */
  #putCodes(count: number, at: number): number {
    const { loops, codes } = this.#workspace;
    this.#dictionaryPages++;
    const known = this.#names?.count ?? this.#sets?.words.count ?? this.#words!.count;
    const width = Math.max(1, 32 - Math.clz32(known - 1));
    loops.bytes(at, 1)[0] = width;
    return loops.run.packHybrid(codes, count, width, at + 1);
  }

  /** Writes words in the way that takes least; the encoding, and where they end. */
  #putWords(count: number, at: number): [encoding: number, end: number] {
    const { loops, words, codes, scratch } = this.#workspace;
    if (this.#usesDictionary) {
      const room = Math.max(SHORT_PAGE, count >> 2);
      // most columns that have no use for a dictionary show it soon
      const few = Math.min(count, SHORT_PAGE);
      const tried = count <= few || this.#words!.encode(words, few, few >> 1, codes);
      if (tried && this.#words!.encode(words, count, room, codes)) {
        return [ENCODING.dictionary, this.#putCodes(count, at)];
      }
      this.#usesDictionary = false;
    }
    const bytes = this.type === 'int32' ? 4 : 8;
    if (this.type === 'double') loops.bytes(at, count * bytes).set(loops.bytes(words, count * bytes));
    else if (bytes === 8) {
      const end = loops.run.packDeltas(words, count, scratch, at);
      if (end - at < count * bytes) return [ENCODING.deltaPacked, end];
      loops.bytes(at, count * 8).set(loops.bytes(words, count * 8));
    } else loops.run.narrowWords(words, count, at);
    return [ENCODING.plain, at + count * bytes];
  }

  #texts(): Texts {
    return (this.#names ?? this.#sets)!.texts();
  }

  #extremes(count: number): Extremes {
    const { loops, words, scratch } = this.#workspace;
    if (this.type === 'double') return extremesOfDoubles(loops.doubles(words, count));
    loops.run.extremes(words, count, Number(this.type !== 'uint64'), scratch);
    const bytes = this.type === 'int32' ? 4 : 8;
    return { low: loops.bytes(scratch, bytes).slice(), high: loops.bytes(scratch + 8, bytes).slice() };
  }

  #dictionary(): EncodedColumn['dictionary'] {
    const plain = isText(this.spec) ? textBytes(this.#texts().texts) : this.#wordBytes();
    const count = this.#names?.count ?? this.#sets?.words.count ?? this.#words!.count;
    const bytes = this.#workspace.compress(this.#workspace.put(plain), plain.length);
    const header = dictionaryPageHeader({ count, plain: plain.length, size: bytes.length });
    return {
      bytes: [header, bytes],
      size: header.length + bytes.length,
      plainSize: header.length + plain.length,
    };
  }

  #wordBytes(): Uint8Array {
    const { loops } = this.#workspace;
    const words = this.#words!.words();
    if (this.type === 'int32')
      return new Uint8Array(Int32Array.from(words, (w) => Number(w & 0xffffffffn) | 0).buffer);
    return loops.bytes(this.#words!.at, words.length * 8).slice();
  }
}

/** Texts as PLAIN has them: a length of 4 bytes in front of each. */
function textBytes(texts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(texts.reduce((sum, { length }) => sum + 4 + length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const text of texts) {
    view.setUint32(at, text.length, true);
    bytes.set(text, at + 4);
    at += 4 + text.length;
  }
  return bytes;
}
