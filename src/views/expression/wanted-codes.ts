import type { Lane } from '../../decode/lanes.ts';
import type { Address, Loops } from '../../loops/loops.ts';
import { nameOf } from '../../table/column.ts';
import { nameTest } from './name-test.ts';
import type { NameTest } from './syntax.ts';

/** Initial size of a table in bytes; it grows with the number of names. */
const FEWEST_CODES = 4096;

/** The codes of the names that a test asks for. New names, such as those of slab caches, appear while pages are read. */
export class WantedCodes {
  readonly #holds: (name: string) => boolean;
  readonly #codes: number[] = [];
  #seen = 0;
  #table: Address = 0;
  #room = 0;
  #written = 0;

  constructor(test: NameTest) {
    this.#holds = nameTest(test);
  }

  /** The codes in ascending order. */
  of(lane: Lane): readonly number[] {
    const names = lane.kind === 'code' || lane.kind === 'field' ? lane.names! : [];
    const end = lane.kind === 'field' ? lane.mask + 1 : names.length;
    for (; this.#seen < end; this.#seen++) {
      if (this.#holds(nameOf(names, this.#seen))) this.#codes.push(this.#seen);
    }
    return this.#codes;
  }

  /** A table with a byte for each code so far, 1 for those that match. */
  table(loops: Loops): { readonly at: Address; readonly length: number } {
    if (this.#seen > this.#room) {
      this.#room = Math.max(FEWEST_CODES, this.#seen * 2);
      this.#table = loops.allocate(this.#room);
      this.#written = 0;
    }
    const bytes = loops.bytes(this.#table, this.#room);
    for (; this.#written < this.#codes.length; this.#written++) bytes[this.#codes[this.#written]!] = 1;
    return { at: this.#table, length: this.#seen };
  }
}
