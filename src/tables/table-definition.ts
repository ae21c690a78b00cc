import type { Inspector } from '../inspector/inspector.ts';
import type { ColumnSpec } from '../table/column.ts';
import type { RowOf } from '../table/rows-table.ts';

/** Takes a sentence about something that could not be read: it is printed, and the exit status is 3. */
export type Trouble = (sentence: string) => void;

/**
 * SEAM: a table of something in the memory of a kernel. To add one:
 *
 * 1. write `src/tables/<name>.ts`, which exports a `TableDefinition` made by `defineTable`: what it is called, its columns
 *    in the order of output, and a function (a generator, say) that gives its rows as objects, one value for each column:
 *    `number` a whole number that is exact in a double, `word` a bigint of 64 bits, `name` a string, `set` an array of
 *    strings, `undefined` where there is no value;
 * 2. add its line to TABLES in `registry.ts`;
 * 3. add a test to test/tables that compares its rows with another source.
 *
 * `structpage table <name>` then prints it in every format, with --where, --columns and --limit; a command of its own calls
 * `printTable` (src/cli/print-table.ts). Rows come one after the other, so that a limit stops the work. What cannot
 * be read is never a row of zeros: leave the value undefined, or leave out the row and call `trouble`. Throw
 * UnsupportedError or LayoutError if this kernel cannot have the table at all.
 */
export interface TableDefinition<C extends readonly ColumnSpec[] = readonly ColumnSpec[]> {
  readonly name: string;
  /** One line for the user, without a full stop. */
  readonly help: string;
  readonly columns: C;
  rows(inspector: Inspector, trouble: Trouble): Iterable<RowOf<C>> | AsyncIterable<RowOf<C>>;
}

/** Checks the rows of a definition against its columns, at compile time. */
export function defineTable<const C extends readonly ColumnSpec[]>(
  definition: TableDefinition<C>,
): TableDefinition {
  return definition as unknown as TableDefinition;
}
