import type { Column, ColumnKind, ColumnSpec } from './column.ts';
import type { TableRows } from './table.ts';

/** The value of a cell as plain JavaScript; undefined for an empty cell. */
export type CellOf<K extends ColumnKind> =
  | (K extends 'number'
      ? number
      : K extends 'word'
        ? bigint
        : K extends 'name'
          ? string
          : K extends 'set'
            ? readonly string[]
            : never)
  | undefined;

/** A row as an object with a value for each column. */
export type RowOf<C extends readonly ColumnSpec[]> = {
  readonly [S in C[number] as S['name']]: CellOf<S['kind']>;
};

type AnyRow = Readonly<Record<string, CellOf<ColumnKind>>>;

/** The first batch is smaller, so that its rows appear soon. */
const FIRST_ROWS = 256;
const BATCH_ROWS = 4096;
const MOST_IN_SET = 64;

/** Turns rows from objects into batches of typed arrays, for tables whose rows are few or expensive. */
export async function* batchesOf(
  columns: readonly ColumnSpec[],
  rows: Iterable<AnyRow> | AsyncIterable<AnyRow>,
): AsyncGenerator<TableRows> {
  const batches = new BatchBuilder(columns);
  for await (const row of rows) {
    const full = batches.add(row);
    if (full) yield full;
  }
  const rest = batches.rest();
  if (rest) yield rest;
}

/** `batchesOf` for rows that need not be waited for. */
export function* batchesOfSync(columns: readonly ColumnSpec[], rows: Iterable<AnyRow>): Generator<TableRows> {
  const batches = new BatchBuilder(columns);
  for (const row of rows) {
    const full = batches.add(row);
    if (full) yield full;
  }
  const rest = batches.rest();
  if (rest) yield rest;
}

/** Collects rows until there are enough for a batch. */
class BatchBuilder {
  readonly #builders: readonly { readonly name: string; readonly builder: Builder }[];
  #count = 0;
  #wanted = FIRST_ROWS;

  constructor(columns: readonly ColumnSpec[]) {
    this.#builders = columns.map((spec) => ({ name: spec.name, builder: builderOf(spec) }));
  }

  /** Adds a row; returns the batch if it is full. */
  add(row: AnyRow): TableRows | undefined {
    for (const { name, builder } of this.#builders) builder.put(this.#count, row[name]);
    return ++this.#count === this.#wanted ? this.#take() : undefined;
  }

  /** Returns the last rows; undefined if there are none. */
  rest(): TableRows | undefined {
    return this.#count > 0 ? this.#take() : undefined;
  }

  #take(): TableRows {
    const count = this.#count;
    const batch = { count, columns: new Map(this.#builders.map((b) => [b.name, b.builder.take(count)])) };
    this.#count = 0;
    this.#wanted = BATCH_ROWS;
    return { batch, rows: Uint32Array.from({ length: count }, (_, i) => i) };
  }
}

/** Collects the values of one column. */
interface Builder {
  put(row: number, value: CellOf<ColumnKind>): void;
  take(count: number): Column;
}

function builderOf(spec: ColumnSpec): Builder {
  let empty = new Uint8Array(BATCH_ROWS);
  const emptyOf = (count: number): { empty: Uint8Array } => {
    const taken = empty.slice(0, count);
    empty = new Uint8Array(BATCH_ROWS);
    return { empty: taken };
  };
  const put =
    (store: (row: number, value: NonNullable<CellOf<ColumnKind>>) => void) =>
    (row: number, value: CellOf<ColumnKind>): void => {
      if (value === undefined) empty[row] = 1;
      else store(row, value);
    };
  switch (spec.kind) {
    case 'number': {
      const values = new Float64Array(BATCH_ROWS);
      return {
        put: put((row, value) => {
          if (!Number.isFinite(value)) throw new TypeError(`${spec.name} is not a number: ${value}`);
          values[row] = value as number;
        }),
        take: (count) => ({ kind: 'number', values: values.slice(0, count), ...emptyOf(count) }),
      };
    }
    case 'word': {
      const words = new BigUint64Array(BATCH_ROWS);
      const halves = new Uint32Array(words.buffer);
      return {
        put: put((row, value) => {
          words[row] = value as bigint;
        }),
        take: (count) => ({ kind: 'word', ...splitHalves(halves, count), ...emptyOf(count) }),
      };
    }
    case 'name': {
      const names: string[] = [''];
      const codes = new Uint32Array(BATCH_ROWS);
      const codeOf = interner(names);
      return {
        put: put((row, value) => {
          codes[row] = codeOf(value as string);
        }),
        take: (count) => {
          const taken = codes.slice(0, count);
          codes.fill(0);
          return { kind: 'name', codes: taken, names, ...emptyOf(count) };
        },
      };
    }
    case 'set': {
      const names: string[] = [];
      const words = new BigUint64Array(BATCH_ROWS);
      const halves = new Uint32Array(words.buffer);
      const codeOf = interner(names);
      return {
        put: put((row, value) => {
          let set = 0n;
          for (const name of value as readonly string[]) set |= 1n << BigInt(codeOf(name));
          if (names.length > MOST_IN_SET) throw new TypeError(`${spec.name} has more than 64 names`);
          words[row] = set;
        }),
        take: (count) => ({ kind: 'set', ...splitHalves(halves, count), names, ...emptyOf(count) }),
      };
    }
  }
}

/** Gives each string a code, which is its index in `names`; adds new strings to `names`. */
export function interner(names: string[]): (name: string) => number {
  const codes = new Map(names.map((name, i) => [name, i]));
  return (name) => {
    let code = codes.get(name);
    if (code === undefined) {
      code = names.push(name) - 1;
      codes.set(name, code);
    }
    return code;
  };
}

function splitHalves(halves: Uint32Array, count: number): { low: Uint32Array; high: Uint32Array } {
  const low = new Uint32Array(count);
  const high = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    low[i] = halves[2 * i]!;
    high[i] = halves[2 * i + 1]!;
  }
  return { low, high };
}
