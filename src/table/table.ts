import type { Column, ColumnSpec } from './column.ts';
import type { RowStyle } from './row-style.ts';

/** Values of a table as typed arrays, each of `count` elements. */
export interface TableBatch {
  readonly count: number;
  readonly columns: ReadonlyMap<string, Column>;
  /** Gives the memory of the columns away for later batches; called by whoever needs them no more. */
  release?(): void;
}

/** Rows of a batch, in order. */
export interface TableRows {
  readonly batch: TableBatch;
  /** Indices into the columns of the batch, ascending. */
  readonly rows: Uint32Array;
}

/** Tells where rows come from, as keys and values for formats that can hold them. What was counted is right when all rows have come. */
export type About = () => readonly (readonly [key: string, value: string])[];

/**
 * A schema and rows in batches. Everything that prints, filters or exports takes a table. Pages are one; src/tables has
 * others.
 */
export interface Table {
  readonly name: string;
  /** The columns in output order. */
  readonly columns: readonly ColumnSpec[];
  /** All rows. May be called once. */
  rows(): AsyncIterable<TableRows> | Iterable<TableRows>;
  /**
   * All rows as text, for tables that have a faster way than `rows`. Each piece of text is valid until the next is
   * requested. `counted` receives the number of rows when all have come.
   */
  texts?(style: RowStyle, counted?: (rows: number) => void): AsyncIterable<Uint8Array>;
  /**
   * All rows in batches without other rows, for tables that have a faster way than `rows`. The caller may keep the batches.
   */
  chunks?(): AsyncIterable<TableBatch>;
  readonly about?: About;
}
