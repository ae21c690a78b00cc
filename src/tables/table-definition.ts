import type { Inspector } from '../inspector/inspector.ts';
import type { ColumnSpec } from '../table/column.ts';
import type { RowOf } from '../table/rows-table.ts';

/** Takes a sentence about something that could not be read. The command prints it and exits with 3. */
export type Trouble = (sentence: string) => void;

/** Reports what could not be followed while the pages of a table were classified and their owners found. */
export function tellGaps({ gaps }: Inspector, trouble: Trouble): void {
  for (const { what, why } of gaps) trouble(`${what}: ${why}`);
}

/**
 * SEAM: a table of kernel data. To add one:
 *
 * 1. Write `src/tables/<name>.ts`, which exports a `TableDefinition` made by `defineTable`: its name, its columns in output
 *   order, and a function (e.g. a generator) that returns its rows as objects with a value for each column. A `number` is a
 *   whole number, exact in a double; a `word` is a 64-bit bigint; a `name` is a string; a `set` is an array of strings; an
 *   empty value is `undefined`.
 * 2. Add its line to TABLES in `registry.ts`.
 * 3. Add a test to test/tables that compares its rows with another source.
 *
 * `structpage table <name>` then prints it in every format, with --where, --columns and --limit. A separate command calls
 * `printTable` (src/cli/print-table.ts). Rows are made one at a time, so that a limit ends the work. Never fill in zeros
 * for what cannot be read: leave the value undefined, or leave out the row and call `trouble`. Throw UnsupportedError or
 * LayoutError if this kernel cannot have the table at all.
 */
export interface TableDefinition<C extends readonly ColumnSpec[] = readonly ColumnSpec[]> {
  readonly name: string;
  /** One line for the user, without a full stop. */
  readonly help: string;
  readonly columns: C;
  rows(inspector: Inspector, trouble: Trouble): Iterable<RowOf<C>> | AsyncIterable<RowOf<C>>;
}

/** Checks the rows of a definition against its columns at compile time. */
export function defineTable<const C extends readonly ColumnSpec[]>(
  definition: TableDefinition<C>,
): TableDefinition {
  return definition as unknown as TableDefinition;
}
