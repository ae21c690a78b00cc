import type { ColumnSpec } from '../table/column.ts';
import type { RowStyle } from '../table/row-style.ts';
import type { TableBatch, TableRows } from '../table/table.ts';
import type { ExportOption, OptionValues } from './options.ts';

/** Takes output in order; bytes are good until the promise is settled, and no more come before that (back pressure). */
export type Sink = (data: string | Uint8Array) => Promise<void>;

/** What stands around the rows of a format that is written by a style. */
export interface TextFormat {
  readonly style: RowStyle;
  /** What comes before the first row, and after the last one. */
  readonly head: string;
  readonly foot: string;
  /** What comes after `head` if there are no rows. */
  readonly emptyFoot: string;
  /** Bytes at the end of a row that only separate it from the next one. */
  readonly separator: number;
}

/** How an exporter writes a table. */
export type ExportPlan =
  /** Rows as text in a style, which the table's fastest way writes. */
  | ({ readonly kind: 'text' } & TextFormat)
  /**
   * Batches of columns, each with nothing but rows that are wanted, decoded by several threads: for binary formats.
   * Names of a column keep their codes from batch to batch, and more may be added.
   */
  | {
      readonly kind: 'chunk';
      write(batches: AsyncIterable<TableBatch>, sink: Sink): Promise<void>;
    }
  /** Rows by a function of the exporter, which must not hold more than a batch of them. `note` takes remarks for the user. */
  | {
      readonly kind: 'rows';
      write(
        rows: AsyncIterable<TableRows> | Iterable<TableRows>,
        sink: Sink,
        note?: (text: string) => void,
      ): Promise<void>;
    };

/**
 * SEAM: an output format. To add one: write `src/export/<format>.ts` that exports an `Exporter`, put it into the list of
 * `registry.ts`, and add a snapshot to test/export/. Its options become flags of the command.
 */
export interface Exporter {
  /** What --format calls it, and the extension of its files. */
  readonly name: string;
  readonly options: readonly ExportOption[];
  /** How it writes rows of these columns; `options` have been checked against its own. */
  plan(columns: readonly ColumnSpec[], options: OptionValues): ExportPlan;
}
