import type { Column, ColumnSpec } from '../table/column.ts';

/** Rows for SQL, as columns; good until the next are asked for. */
export interface SqlBatch {
  readonly count: number;
  /** The rows that are wanted, as indices into the columns; all if not given. */
  readonly rows?: Uint32Array;
  column(name: string): Column;
}

/** A table that SQL can ask: DuckDB takes rows from functions that may not wait. */
export interface SqlTable {
  readonly name: string;
  readonly columns: readonly SqlColumn[];
  /** A guess at the number of rows, if there is one. */
  readonly rowCount?: number;
  /** All rows, with these columns alone. */
  rows(columns: readonly string[]): Iterable<SqlBatch>;
}

/** A column; `names` are all that it can have, where they are known. */
export interface SqlColumn extends ColumnSpec {
  readonly names?: readonly string[];
}
