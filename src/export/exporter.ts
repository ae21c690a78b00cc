import type { ColumnName } from '../decode/columns.ts';
import type { Rows } from '../inspector/inspector.ts';

/** Takes text in order; the promise is settled when more may come (back pressure). */
export type Sink = (text: string | Uint8Array) => Promise<void>;

/** Dialect of CSV; what csv-stringify calls the same. */
export interface ExportOptions {
  readonly delimiter?: string;
  readonly header?: boolean;
  readonly quoted?: boolean;
  /** The largest pfn that can come: the table leaves room for it. */
  readonly lastPfn?: number;
  /** Columns of the terminal, for the table; unlimited if not given. */
  readonly width?: number;
}

/**
 * SEAM: an output format. To add one: write `src/export/<format>.ts` that exports an `Exporter`, put it into the list of
 * `registry.ts`, and add a snapshot to test/export/.
 */
export interface Exporter {
  /** What --format calls it, and the extension of its files. */
  readonly name: string;
  /** Writes all rows; must not hold more than a batch of them. */
  write(
    rows: AsyncIterable<Rows>,
    columns: readonly ColumnName[],
    sink: Sink,
    options: ExportOptions,
  ): Promise<void>;
}
