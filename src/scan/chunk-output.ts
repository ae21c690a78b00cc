import type { ColumnName } from '../decode/columns/registry.ts';
import type { Decoder, PickedRows } from '../decode/decode.ts';
import { type Column, nameOf } from '../table/column.ts';
import { dense } from '../table/dense.ts';
import type { TableBatch } from '../table/table.ts';

/** Columns that one thread sends to another, with only those names that it has not sent before. */
export interface SentChunk {
  readonly count: number;
  readonly columns: readonly SentColumn[];
  /** Gives the memory of the columns back; of a thread that keeps its chunks. */
  release?(): void;
}

interface SentColumn {
  readonly name: ColumnName;
  /** With `names` left empty. */
  readonly column: Column;
  readonly newNames: readonly string[];
}

/** Makes chunks of columns in one thread. */
export class ChunkOutput {
  readonly #decoder: Decoder;
  readonly #columns: readonly ColumnName[];
  readonly #isLent: boolean;
  /** Number of names of each column that have been sent. */
  readonly #sent: Map<ColumnName, number> = new Map();

  /** `isLent`: chunks stay in this thread, and their memory comes back. */
  constructor(decoder: Decoder, columns: readonly ColumnName[], isLent = false) {
    this.#decoder = decoder;
    this.#columns = columns;
    this.#isLent = isLent;
  }

  /** The values of rows of the batch in the decoder. */
  chunk(rows: PickedRows): SentChunk {
    if (rows.count === 0) return { count: 0, columns: [] };
    if (!this.#isLent) return this.#chunk(rows);
    const [chunk, release] = this.#decoder.arrays.lend(() => this.#chunk(rows));
    return { ...chunk, release };
  }

  #chunk(rows: PickedRows): SentChunk {
    const decoder = this.#decoder;
    const all = new Map<string, Column>(this.#columns.map((name) => [name, decoder.column(name)]));
    const batch = { count: decoder.count, columns: all };
    const isAll = rows.count === batch.count;
    const { count, columns } = isAll ? batch : dense({ batch, rows: decoder.indices(rows) });
    return { count, columns: this.#columns.map((name) => this.#toSend(name, columns.get(name)!)) };
  }

  #toSend(name: ColumnName, column: Column): SentColumn {
    if (column.kind !== 'name' && column.kind !== 'set') return { name, column, newNames: [] };
    const sent = this.#sent.get(name) ?? 0;
    this.#sent.set(name, column.names.length);
    return { name, column: { ...column, names: [] }, newNames: column.names.slice(sent) };
  }
}

/** The memory of a chunk, to move to another thread. */
export function buffersOf({ columns }: SentChunk): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  for (const { column } of columns) {
    for (const part of Object.values(column)) {
      if (ArrayBuffer.isView(part)) buffers.add(part.buffer as ArrayBuffer);
    }
  }
  return [...buffers];
}

/** Maps names of all threads to one code each. Names keep their codes; each chunk may add new ones. */
interface Dictionary {
  readonly names: string[];
  readonly codes: Map<string, number>;
}

/**
 * Joins chunks of several threads. Each thread has its own codes for names that appear while pages are read, such as those
 * of slab caches.
 */
export class ChunkReceiver {
  readonly #dictionaries: Map<ColumnName, Dictionary> = new Map();
  readonly #translators: Map<unknown, Map<ColumnName, Translator>> = new Map();

  /**
   * Converts a chunk to a batch; `from` identifies the thread that made it. The chunks of a thread must come in the order
   * in which it made them.
   */
  receive({ count, columns, release }: SentChunk, from: unknown): TableBatch {
    const out = new Map<string, Column>();
    for (const sent of columns) out.set(sent.name, this.#receive(sent, from));
    return { count, columns: out, ...(release ? { release } : {}) };
  }

  #receive({ name, column, newNames }: SentColumn, from: unknown): Column {
    if (column.kind !== 'name' && column.kind !== 'set') return column;
    const dictionary = made(this.#dictionaries, name, () => ({ names: [], codes: new Map() }));
    const translators = made(this.#translators, from, () => new Map<ColumnName, Translator>());
    const translator = made(translators, name, () => new Translator(dictionary));
    translator.names.push(...newNames);
    // the names of a set come from the kernel, so all threads have the same list
    if (column.kind === 'set') return { ...column, names: translator.names };
    return { ...column, codes: translator.codes(column.codes), names: translator.dictionary.names };
  }
}

/** The value of a key, computed on first use. */
function made<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

/** Translates a thread's codes to the common codes. */
class Translator {
  readonly names: string[] = [];
  readonly dictionary: Dictionary;
  /** The common code of each code, -1 until it is met. */
  #codes: Int32Array = new Int32Array(0);

  constructor(dictionary: Dictionary) {
    this.dictionary = dictionary;
  }

  codes(codes: Uint32Array | Uint16Array | Uint8Array): Uint32Array {
    if (this.names.length > this.#codes.length) this.#grow();
    const common = this.#codes;
    const out = new Uint32Array(codes.length);
    for (let i = 0; i < codes.length; i++) {
      const code = common[codes[i]!];
      out[i] = code === undefined || code < 0 ? this.#translate(codes[i]!) : code;
    }
    return out;
  }

  #grow(): void {
    const larger = new Int32Array(2 * this.names.length).fill(-1);
    larger.set(this.#codes);
    this.#codes = larger;
  }

  #translate(code: number): number {
    const { names, codes } = this.dictionary;
    const name = nameOf(this.names, code);
    let common = codes.get(name);
    if (common === undefined) {
      common = names.push(name) - 1;
      codes.set(name, common);
    }
    this.#codes[code] = common;
    return common;
  }
}
