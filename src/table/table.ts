import type { Column, ColumnSpec } from './column.ts';
import type { RowStyle } from './row-style.ts';

/** Values of a table as typed arrays, each of `count` elements. */
export interface TableBatch {
  readonly count: number;
  readonly columns: ReadonlyMap<string, Column>;
}

/** Rows of a batch, in order. */
export interface TableRows {
  readonly batch: TableBatch;
  /** Indices into the columns of the batch, ascending. */
  readonly rows: Uint32Array;
}

/**
 * A schema and rows, in batches. Whoever prints, filters or exports takes one of these; pages are one, and src/tables has
 * others.
 */
export interface Table {
  readonly name: string;
  /** The columns of its rows, in the order of output. */
  readonly columns: readonly ColumnSpec[];
  /** All rows. To be asked for once. */
  rows(): AsyncIterable<TableRows> | Iterable<TableRows>;
  /** All rows as text, from tables that have a faster way than `rows`. Bytes are good until the next are asked for. */
  texts?(style: RowStyle): AsyncIterable<Uint8Array>;
  /** All rows as batches without others, from tables that have a faster way than `rows`; what they give is the caller's to keep. */
  chunks?(): AsyncIterable<TableBatch>;
}
