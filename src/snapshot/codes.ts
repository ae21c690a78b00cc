import { type NameColumn, nameOf } from '../table/column.ts';

/** Names by a code of their own, whichever columns they come from. */
export class Names {
  readonly list: string[] = [];
  readonly #codes: Map<string, number> = new Map();
  #from: readonly string[] = [];
  #map: number[] = [];

  /** The code of a name; the empty name has none: -1. */
  code(name: string): number {
    if (name === '') return -1;
    let code = this.#codes.get(name);
    if (code === undefined) {
      code = this.list.push(name) - 1;
      this.#codes.set(name, code);
    }
    return code;
  }

  /** The code here of the name in a row; names of one column keep their codes from batch to batch. */
  codeIn({ names, codes, empty }: NameColumn, row: number): number {
    if (empty?.[row]) return -1;
    const code = codes[row]!;
    if (names !== this.#from) [this.#from, this.#map] = [names, []];
    let own = this.#map[code];
    if (own === undefined) {
      own = this.code(nameOf(names, code));
      this.#map[code] = own;
    }
    return own;
  }
}

/** Counts by two codes: that of a place, and another. */
export class Counts {
  readonly #rows: Float64Array[] = [];

  add(place: number, code: number, count: number): void {
    let row = this.#rows[place];
    if (row === undefined || code >= row.length) {
      const grown = new Float64Array(Math.max(64, 2 * code));
      if (row) grown.set(row);
      row = grown;
      this.#rows[place] = row;
    }
    row[code]! += count;
  }

  /** All counts that are not 0. */
  *entries(): Generator<{ readonly place: number; readonly code: number; readonly count: number }> {
    for (const [place, row] of this.#rows.entries()) {
      for (const [code, count] of row?.entries() ?? []) if (count > 0) yield { place, code, count };
    }
  }
}
