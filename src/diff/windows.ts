import { FormatError } from '../core/errors.ts';
import type { NameColumn } from '../table/column.ts';
import { interner } from '../table/rows-table.ts';
import type { TableRows } from '../table/table.ts';
import type { Stop } from './stop.ts';

/** Number of page frames that are compared at a time. */
export const WINDOW = 16384;

/** Names of a column with codes that are the same for all stops. Code 0 is the empty name. */
export class CommonNames {
  readonly names: string[] = [''];
  readonly codeOf: (name: string) => number = interner(this.names);
}

/** Translates the codes of one column of one stop to common codes. */
class Translator {
  readonly #common: CommonNames;
  #names: readonly string[] = [];
  #codes: number[] = [];

  constructor(common: CommonNames) {
    this.#common = common;
  }

  /** Must be called for each batch: codes hold as long as the list of names is the same. */
  use({ names }: NameColumn): void {
    if (names === this.#names) return;
    this.#names = names;
    this.#codes = [];
  }

  code(code: number): number {
    let common = this.#codes[code];
    if (common === undefined) {
      common = this.#common.codeOf(this.#names[code] ?? `?${code}`);
      this.#codes[code] = common;
    }
    return common;
  }
}

/** The pages of one stop in a window of page frames, by common codes. */
export interface Window {
  /** 1 for each page frame that has a row. */
  readonly present: Uint8Array;
  /** Common codes by column, one for each page frame. */
  readonly codes: ReadonlyMap<string, Uint32Array>;
}

/** Reads the rows of a stop window by window. */
export class WindowReader {
  readonly #batches: AsyncIterator<TableRows> | Iterator<TableRows>;
  readonly #translators: Map<string, Translator>;
  readonly #window: { readonly present: Uint8Array; readonly codes: Map<string, Uint32Array> };
  #batch: TableRows | undefined;
  /** The next row of the batch. */
  #next = 0;
  readonly #name: string;
  #lastPfn = -1;

  /** `common` has the names of each column; a column that the stop lacks stays empty. */
  constructor(stop: Stop, common: ReadonlyMap<string, CommonNames>) {
    const columns = [...common.keys()];
    this.#name = stop.name;
    const own = columns.filter((name) => stop.columns.includes(name));
    const rows = stop.rows(own);
    this.#batches = Symbol.asyncIterator in rows ? rows[Symbol.asyncIterator]() : rows[Symbol.iterator]();
    this.#translators = new Map(own.map((name) => [name, new Translator(common.get(name)!)]));
    this.#window = {
      present: new Uint8Array(WINDOW),
      codes: new Map(columns.map((name) => [name, new Uint32Array(WINDOW)])),
    };
  }

  /** The pfn of the next row; undefined at the end. */
  async next(): Promise<number | undefined> {
    while (this.#batch === undefined || this.#next >= this.#batch.rows.length) {
      const { done, value } = await this.#batches.next();
      if (done) return undefined;
      this.#batch = value;
      this.#next = 0;
      this.#check(value);
    }
    return pfnsOf(this.#batch)[this.#batch.rows[this.#next]!];
  }

  /** The pages from `start` on. Valid until the next call, whose start must be higher. */
  async read(start: number): Promise<Window> {
    const { present, codes } = this.#window;
    present.fill(0);
    for (const column of codes.values()) column.fill(0);
    const end = start + WINDOW;
    for (let pfn = await this.next(); pfn !== undefined && pfn < end; pfn = await this.next()) {
      this.#copy(start, end);
    }
    return this.#window;
  }

  /** Throws FormatError unless pfns are whole numbers and ascend: others would be compared with the wrong pages. */
  #check(batch: TableRows): void {
    const pfns = pfnsOf(batch);
    for (const row of batch.rows) {
      const pfn = pfns[row]!;
      if (pfn > this.#lastPfn && Number.isSafeInteger(pfn)) this.#lastPfn = pfn;
      else {
        throw new FormatError({
          file: this.#name,
          expected: 'ascending pfns, each once',
          found: `${pfn} after ${this.#lastPfn}`,
          advice: 'Export the pages anew',
        });
      }
    }
  }

  /** Ends the reading of rows early. */
  async close(): Promise<void> {
    await this.#batches.return?.();
  }

  /** Copies the rows of the batch up to `end`. */
  #copy(start: number, end: number): void {
    const { batch, rows } = this.#batch!;
    const pfns = pfnsOf(this.#batch!);
    const from = this.#next;
    let to = from;
    while (to < rows.length && pfns[rows[to]!]! < end) to++;
    this.#next = to;
    for (let i = from; i < to; i++) this.#window.present[pfns[rows[i]!]! - start] = 1;
    for (const [name, translator] of this.#translators) {
      const column = batch.columns.get(name);
      if (column?.kind !== 'name') continue;
      translator.use(column);
      const { codes, empty } = column;
      const out = this.#window.codes.get(name)!;
      let last = -1;
      let common = 0;
      for (let i = from; i < to; i++) {
        const row = rows[i]!;
        if (empty?.[row]) continue;
        const code = codes[row]!;
        if (code !== last) {
          last = code;
          common = translator.code(code);
        }
        out[pfns[row]! - start] = common;
      }
    }
  }
}

function pfnsOf({ batch }: TableRows): ArrayLike<number> {
  const column = batch.columns.get('pfn');
  if (column?.kind !== 'number') throw new TypeError('rows without a pfn');
  return column.values;
}
