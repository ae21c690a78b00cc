import type { NameColumn } from '../table/column.ts';
import { interner } from '../table/rows-table.ts';

/** Gives the names of a column codes, row by row. Neighbouring rows mostly have the same name. */
export class NameCodes {
  readonly names: string[] = [''];
  readonly #codeOf = interner(this.names);
  #last = '';
  #code = 0;

  /** The code of a name; that of the empty name for none. */
  code(name: string): number {
    if (name !== this.#last) {
      this.#last = name;
      this.#code = this.#codeOf(name);
    }
    return this.#code;
  }

  column(codes: Uint32Array): NameColumn {
    return { kind: 'name', codes, names: this.names };
  }
}
