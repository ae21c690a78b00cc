import { UsageError } from '../core/errors.ts';
import { checkColumnNames } from '../table/column.ts';
import type { Table, TableRows } from '../table/table.ts';
import { rowTest } from './expression/evaluate.ts';
import { parseExpression } from './expression/parse.ts';
import type { Expression } from './expression/syntax.ts';

/** A selection of rows and columns of a table. */
export interface TableSelection {
  /** Columns in output order; all by default. */
  readonly columns?: readonly string[];
  /** An expression over the columns of the table. */
  readonly where?: string;
  /** Maximum number of rows. */
  readonly limit?: number;
}

/** Selects rows and columns of a table, as a table. Throws UsageError for an invalid selection. */
export function selectFrom(table: Table, { columns, where, limit }: TableSelection): Table {
  const names = table.columns.map((c) => c.name);
  const wanted = columns === undefined ? names : checkColumnNames(columns, names);
  checkLimit(limit);
  const expression = where === undefined ? undefined : parseExpression(where, table.columns);
  return {
    name: table.name,
    ...(table.about ? { about: table.about } : {}),
    columns: wanted.map((name) => table.columns.find((c) => c.name === name)!),
    rows: () => limited(matching(table.rows(), expression), limit ?? Number.POSITIVE_INFINITY),
  };
}

/** Throws UsageError unless a limit is a whole number. */
export function checkLimit(limit: number | undefined): void {
  if (limit === undefined || (Number.isSafeInteger(limit) && limit >= 0)) return;
  throw new UsageError(`the limit must be a whole number, 0 or more, not ${limit}`);
}

async function* matching(
  rows: AsyncIterable<TableRows> | Iterable<TableRows>,
  expression: Expression | undefined,
): AsyncGenerator<TableRows> {
  for await (const { batch, rows: indices } of rows) {
    if (!expression) yield { batch, rows: indices };
    else {
      const holds = rowTest(expression, (name) => batch.columns.get(name)!);
      yield { batch, rows: indices.filter((row) => holds(row)) };
    }
  }
}

async function* limited(
  rows: AsyncIterable<TableRows> | Iterable<TableRows>,
  limit: number,
): AsyncGenerator<TableRows> {
  let left = limit;
  if (left === 0) return;
  for await (const { batch, rows: indices } of rows) {
    const taken = indices.subarray(0, Math.min(left, indices.length));
    left -= taken.length;
    yield { batch, rows: taken };
    if (left === 0) return;
  }
}
