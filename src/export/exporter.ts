import type { ColumnSpec } from '../table/column.ts';
import type { RowStyle } from '../table/row-style.ts';
import type { About, TableBatch, TableRows } from '../table/table.ts';
import type { ExportOption, OptionValues } from './options.ts';

/**
 * Receives output in order. The bytes are valid until the returned promise settles, and the next bytes follow only then
 * (back pressure).
 */
export type Sink = (data: string | Uint8Array) => Promise<void>;

/** The text around the rows of a format that is a row style. */
export interface TextFormat {
  readonly style: RowStyle;
  /** The text before the first row and after the last one. */
  readonly head: string;
  readonly foot: string;
  /** The text after `head` if there are no rows. */
  readonly emptyFoot: string;
  /** Number of bytes at the end of a row that only separate it from the next one. */
  readonly separator: number;
}

/** How an exporter writes a table. */
export type ExportPlan =
  /** Text in a row style, written in the table's fastest way. */
  | ({ readonly kind: 'text' } & TextFormat)
  /**
   * Batches of columns that contain only selected rows, decoded by several threads: for binary formats. The names of a
   * column keep their codes from batch to batch; new names may be added. `about` returns facts about
   * where the rows come from.
   */
  | {
      readonly kind: 'chunk';
      write(batches: AsyncIterable<TableBatch>, sink: Sink, about: About): Promise<void>;
    }
  /** Rows written by a function of the exporter, which must hold at most one batch. `note` takes remarks for the user. */
  | {
      readonly kind: 'rows';
      write(
        rows: AsyncIterable<TableRows> | Iterable<TableRows>,
        sink: Sink,
        note?: (text: string) => void,
      ): Promise<void>;
    };

/**
 * SEAM: an output format. To add one: write `src/export/<format>.ts` that exports an `Exporter`, add it to the list in
 * `registry.ts`, and add a snapshot to test/export/. Its options become flags of the command.
 */
export interface Exporter {
  /** Its name for --format, and the extension of its files. */
  readonly name: string;
  /** Whether its output is no text: it is not for a terminal. */
  readonly isBinary?: true;
  readonly options: readonly ExportOption[];
  /** Describes how rows of these columns are written; `options` have been checked against the exporter's own. */
  plan(columns: readonly ColumnSpec[], options: OptionValues): ExportPlan;
}
