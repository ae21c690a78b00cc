import type { Pfn } from '../core/address.ts';
import { type Column, nameOf } from '../table/column.ts';

/** Stands for an empty value in a lane of numbers. */
const EMPTY = -(2 ** 31);

/** A column whose values the map computes itself, as names by code; an empty name is no value. */
export interface OwnColumn {
  readonly name: string;
  readonly names: readonly string[];
  /** Writes the code of each of `codes.length` pages from `start` on. */
  fill(start: Pfn, codes: Int32Array): void;
}

/** The columns of a map, each as one or two lanes of 32-bit integers: equal pages have equal integers. */
export class Lanes {
  readonly columns: readonly string[];
  readonly #kinds: (Column['kind'] | 'own')[] = [];
  readonly #names: (readonly string[])[] = [];
  readonly #firstLane: number[] = [];
  readonly #own: readonly OwnColumn[];
  readonly #arrays: Int32Array[] = [];
  /** Number of lanes, after the first batch. */
  width = 0;

  constructor(columns: readonly string[], own: readonly OwnColumn[]) {
    this.columns = [...columns, ...own.map((c) => c.name)];
    this.#own = own;
  }

  /**
   * Takes the values of a batch and returns its lanes, which are valid until the next one. Pages that could not be read differ by
   * their state alone, which must be the first column.
   */
  take(
    start: Pfn,
    count: number,
    columns: ReadonlyMap<string, Column>,
    states: Uint8Array,
  ): readonly Int32Array[] {
    this.width = 0;
    const read = this.columns.length - this.#own.length;
    for (const [i, name] of this.columns.entries()) {
      this.#firstLane[i] = this.width;
      if (i >= read) {
        const own = this.#own[i - read]!;
        this.#kinds[i] = 'own';
        this.#names[i] = own.names;
        own.fill(start, this.#lane(count));
        continue;
      }
      const column = columns.get(name)!;
      this.#kinds[i] = column.kind;
      if (column.kind === 'name') {
        this.#names[i] = column.names;
        this.#lane(count).set(column.codes);
      } else if (column.kind === 'number') {
        const lane = this.#lane(count);
        lane.set(column.values);
        if (column.empty) for (let row = 0; row < count; row++) if (column.empty[row]) lane[row] = EMPTY;
      } else {
        if (column.kind === 'set') this.#names[i] = column.names;
        this.#lane(count).set(column.low);
        this.#lane(count).set(column.high);
      }
    }
    if (states.some((state) => state !== 0)) {
      for (let index = 1; index < this.width; index++) {
        const lane = this.#arrays[index]!;
        for (let row = 0; row < count; row++) if (states[row] !== 0) lane[row] = 0;
      }
    }
    return this.#arrays;
  }

  /** The values of one tuple of a number for each lane. */
  factsOf(lane: (index: number) => number): Facts {
    const place = (name: string): number => {
      const i = this.columns.indexOf(name);
      if (i < 0) throw new Error(`the map has no column ${name}`);
      return i;
    };
    return {
      text: (name) => {
        const i = place(name);
        return nameOf(this.#names[i]!, lane(this.#firstLane[i]!));
      },
      number: (name) => {
        const value = lane(this.#firstLane[place(name)]!);
        return value === EMPTY ? undefined : value;
      },
      names: (name) => {
        const i = place(name);
        const first = this.#firstLane[i]!;
        return this.#names[i]!.filter((_, bit) => (lane(first + (bit >> 5)) >>> (bit & 31)) & 1);
      },
      cell: (name) => {
        const i = place(name);
        const kind = this.#kinds[i]!;
        const value = lane(this.#firstLane[i]!);
        if (kind === 'number') return value === EMPTY ? '' : `${value}`;
        if (kind !== 'set') return nameOf(this.#names[i]!, value);
        return this.#names[i]!.filter(
          (_, bit) => (lane(this.#firstLane[i]! + (bit >> 5)) >>> (bit & 31)) & 1,
        ).join(' | ');
      },
    };
  }

  #lane(count: number): Int32Array {
    const index = this.width++;
    const before = this.#arrays[index];
    if (before && before.length >= count) return before.length === count ? before : before.subarray(0, count);
    const lane = new Int32Array(count);
    this.#arrays[index] = lane;
    return lane;
  }
}

/** The values of the columns of one page. */
export interface Facts {
  /** The name in a column of names; '' if it has none. */
  text(name: string): string;
  number(name: string): number | undefined;
  /** The names in a column of sets. */
  names(name: string): readonly string[];
  /** Any value as text; '' if it is empty. */
  cell(name: string): string;
}
