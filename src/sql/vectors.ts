import type { DuckDBType, DuckDBVector } from '@duckdb/node-api';
import { setText } from '../table/cells.ts';
import { type Column, nameOf } from '../table/column.ts';
import { valueTypeOf } from '../table/value-type.ts';
import type { DuckDB } from './duckdb.ts';
import type { SqlColumn } from './source.ts';

/** The type of a column in SQL: names that are known are an enumeration. */
export function sqlType(duckdb: DuckDB, column: SqlColumn): DuckDBType {
  if (column.names && column.names.length > 0) return duckdb.ENUM(column.names);
  switch (valueTypeOf(column)) {
    case 'int32':
      return duckdb.INTEGER;
    case 'int64':
      return duckdb.BIGINT;
    case 'uint64':
      return duckdb.UBIGINT;
    case 'double':
      return duckdb.DOUBLE;
    case 'timestamp':
      return duckdb.TIMESTAMP_MS;
    case 'string':
      return duckdb.VARCHAR;
  }
}

type Items =
  | Int32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array;

/** Values of some rows on their way to DuckDB. A vector of numbers has its items in an array, which is faster than one call for each. */
export class VectorWriter {
  readonly #column: SqlColumn;
  readonly #texts: Map<number | bigint, string> = new Map();
  /** Of an enumeration: the number of each code; -1 for no value. */
  #codes: Int32Array = new Int32Array(0);
  #names: readonly string[] = [];

  constructor(column: SqlColumn) {
    this.#column = column;
  }

  /** Writes `count` rows from `first` on, of all or of those in `rows`. */
  write(
    vector: DuckDBVector,
    column: Column,
    rows: Uint32Array | undefined,
    first: number,
    count: number,
  ): void {
    const { empty } = column;
    const rowOf = rows ? (i: number): number => rows[first + i]! : (i: number): number => first + i;
    const { items } = vector as unknown as { items?: Items };
    const isDirect = ArrayBuffer.isView(items) && items.length === count;
    const set = (i: number, value: string | number | bigint | { readonly millis: bigint } | null): void =>
      (vector as { setItem(index: number, value: unknown): void }).setItem(i, value);
    switch (column.kind) {
      case 'number': {
        const { values } = column;
        const isTime = this.#column.numbers === 'timestamp';
        const isWide = !(items instanceof Int32Array);
        for (let i = 0; i < count; i++) {
          const row = rowOf(i);
          if (empty?.[row]) set(i, null);
          else if (items instanceof Float64Array) set(i, values[row]!);
          else if (isTime) set(i, { millis: BigInt(values[row]!) });
          else if (!isDirect || isWide) set(i, isWide ? BigInt(values[row]!) : values[row]!);
          else items[i] = values[row]!;
        }
        break;
      }
      case 'word': {
        const { low, high } = column;
        const halves = isDirect ? new Uint32Array(items.buffer, items.byteOffset, 2 * count) : undefined;
        for (let i = 0; i < count; i++) {
          const row = rowOf(i);
          if (empty?.[row]) set(i, null);
          else if (halves) {
            halves[2 * i] = low[row]!;
            halves[2 * i + 1] = high[row]!;
          } else set(i, (BigInt(high[row]!) << 32n) | BigInt(low[row]!));
        }
        break;
      }
      case 'name': {
        const { codes, names } = column;
        const numbers = this.#column.names && isDirect ? this.#numbersOf(names) : undefined;
        for (let i = 0; i < count; i++) {
          const row = rowOf(i);
          const code = codes[row]!;
          const number = numbers?.[code];
          if (empty?.[row]) set(i, null);
          else if (number !== undefined && number >= 0) items![i] = number;
          else set(i, nameOf(names, code) || null);
        }
        break;
      }
      case 'set': {
        for (let i = 0; i < count; i++) {
          const row = rowOf(i);
          set(
            i,
            empty?.[row] ? null : this.#setText(column.low[row]!, column.high[row]!, column.names) || null,
          );
        }
      }
    }
    vector.flush();
  }

  #numbersOf(names: readonly string[]): Int32Array {
    if (names !== this.#names || this.#codes.length !== names.length) {
      const known = new Map(this.#column.names!.map((name, i) => [name, i]));
      this.#codes = Int32Array.from(names, (name) => known.get(name) ?? -1);
      this.#names = names;
    }
    return this.#codes;
  }

  #setText(low: number, high: number, names: readonly string[]): string {
    const key = high < 2 ** 20 ? high * 2 ** 32 + low : (BigInt(high) << 32n) | BigInt(low);
    let text = this.#texts.get(key);
    if (text === undefined) {
      text = setText(low, high, names);
      this.#texts.set(key, text);
    }
    return text;
  }
}
