import type { DuckDBResult, DuckDBType, DuckDBValue } from '@duckdb/node-api';
import { printableJson } from '../core/printable.ts';
import type { ColumnSpec } from '../table/column.ts';
import { batchesOf } from '../table/rows-table.ts';
import type { Table } from '../table/table.ts';
import type { SqlSession } from './session.ts';

/** A result as a table of texts: numbers as SQL writes them. */
export function resultTable(session: SqlSession, result: DuckDBResult): Table {
  const types = result.columnTypes();
  const columns = result.deduplicatedColumnNames().map(
    (name, i): ColumnSpec => ({
      name,
      kind: 'name',
      help: String(types[i]),
      mayBeEmpty: true,
      align: isNumeric(session, types[i]!) ? 'right' : 'left',
    }),
  );
  return {
    name: 'result',
    columns,
    rows: () => batchesOf(columns, textRows(session, result, columns)),
  };
}

async function* textRows(
  session: SqlSession,
  result: DuckDBResult,
  columns: readonly ColumnSpec[],
): AsyncGenerator<Record<string, string | undefined>> {
  for (
    let chunk = await session.next(result);
    chunk && chunk.rowCount > 0;
    chunk = await session.next(result)
  ) {
    for (const row of chunk.getRows()) {
      const texts = row.map((value) => (value === null ? undefined : String(value)));
      yield Object.fromEntries(columns.map(({ name }, i) => [name, texts[i]]));
    }
  }
}

/** The rows of a result as JSON objects. Unsigned numbers of 64 bits are strings, and so are others that readers of JSON would round. */
export async function* jsonRows(session: SqlSession, result: DuckDBResult): AsyncGenerator<string> {
  const names = result.deduplicatedColumnNames().map((name) => printableJson(name));
  const { UBIGINT } = session.duckdb.DuckDBTypeId;
  const isWord = result.columnTypes().map(({ typeId }) => typeId === UBIGINT);
  for (
    let chunk = await session.next(result);
    chunk && chunk.rowCount > 0;
    chunk = await session.next(result)
  ) {
    for (const row of chunk.getRows()) {
      yield `{${row.map((value, i) => `${names[i]}:${jsonOf(value, isWord[i]!)}`).join(',')}}`;
    }
  }
}

function jsonOf(value: DuckDBValue, isWord: boolean): string {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) ? String(value) : printableJson(String(value));
    case 'boolean':
      return String(value);
    case 'bigint':
      return !isWord && Number.isSafeInteger(Number(value)) ? String(value) : `"${value}"`;
    default:
      return value === null ? 'null' : printableJson(String(value));
  }
}

function isNumeric({ duckdb: { DuckDBTypeId: id } }: SqlSession, { typeId }: DuckDBType): boolean {
  const numeric: readonly number[] = [
    ...[id.TINYINT, id.SMALLINT, id.INTEGER, id.BIGINT, id.HUGEINT, id.DOUBLE, id.FLOAT, id.DECIMAL],
    ...[id.UTINYINT, id.USMALLINT, id.UINTEGER, id.UBIGINT, id.UHUGEINT],
  ];
  return numeric.includes(typeId);
}
