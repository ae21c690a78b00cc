import type { ColumnName } from '../decode/columns/registry.ts';
import type { Rows } from '../decode/decode.ts';
import type { RowStyle } from './row-style.ts';

/** Takes text in order; bytes are good until the promise is settled, which is when more may come (back pressure). */
export type Sink = (text: string | Uint8Array) => Promise<void>;

/** Dialect of CSV; what csv-stringify calls the same. */
export interface ExportOptions {
  readonly delimiter?: string;
  readonly header?: boolean;
  readonly quoted?: boolean;
  /** Put an apostrophe before names that a spreadsheet would take for a formula. */
  readonly safe?: boolean;
  /** The largest pfn that can come: the table leaves room for it. */
  readonly lastPfn?: number;
  /** Bytes of a page frame. */
  readonly pageBytes?: number;
  /** Columns of the terminal, for the table; unlimited if not given. */
  readonly width?: number;
}

/** A format whose rows the loops encode: what stands around them. */
export interface BulkFormat extends RowStyle {
  /** What comes before the first row, and behind the last one. */
  readonly head: string;
  readonly foot: string;
  /** What stands behind the last row, where there is none at all. */
  readonly emptyFoot: string;
  /** Bytes at the end of a row that only separate it from the next one. */
  readonly separator: number;
}

/**
 * SEAM: an output format. To add one: write `src/export/<format>.ts` that exports an `Exporter`, put it into the list of
 * `registry.ts`, and add a snapshot to test/export/.
 */
export interface Exporter {
  /** What --format calls it, and the extension of its files. */
  readonly name: string;
  /** How the loops encode it; undefined if they cannot with these options: then `write` must be there. */
  bulk?(columns: readonly ColumnName[], options: ExportOptions): BulkFormat | undefined;
  /** Writes all rows; must not hold more than a batch of them. */
  write?(
    rows: AsyncIterable<Rows>,
    columns: readonly ColumnName[],
    sink: Sink,
    options: ExportOptions,
  ): Promise<void>;
}
