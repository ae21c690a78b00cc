import { UsageError } from '../core/errors.ts';
import { SNAPSHOT_TABLES, type SnapshotTable, snapshotColumns } from '../snapshot/schema.ts';
import { quoted, SqlSession } from '../sql/session.ts';
import { type ValueType, valueTypeOf } from '../table/value-type.ts';
import type { FleetStore } from './store.ts';

/** Functions for statements over a fleet. */
const MACROS: readonly string[] = [
  "create macro has_flag(flags, flag) as coalesce(contains('|' || flags || '|', '|' || flag || '|'), false)",
  'create macro mib(bytes) as round(bytes / 1048576.0, 1)',
  'create macro gib(bytes) as round(bytes / 1073741824.0, 2)',
  // the newest snapshot of each host
  'create macro newest() as table select h.* from hosts h where h.time = (select max(n.time) from hosts n where n.host = h.host)',
];

/**
 * Opens an embedded DuckDB with the views pages, summary, free and hosts over the files of a store. Throws UnsupportedError
 * without DuckDB, and UsageError if a file cannot be read.
 */
export async function openFleet(store: FleetStore): Promise<SqlSession> {
  const session = await SqlSession.open([]);
  try {
    // times are UTC, as in Spark's session
    await session.connection.run("set timezone = 'UTC'");
    for (const table of SNAPSHOT_TABLES) await createView(session, table, store.files.get(table) ?? []);
    for (const macro of MACROS) await session.connection.run(macro);
    return session;
  } catch (error) {
    session.close();
    throw error;
  }
}

async function createView(
  session: SqlSession,
  table: SnapshotTable,
  files: readonly string[],
): Promise<void> {
  if (files.length === 0) {
    await session.connection.run(`create view ${table} as ${emptyTable(table)}`);
    return;
  }
  const options =
    "hive_partitioning = true, hive_types = {'date': date, 'host': varchar}, union_by_name = true";
  // old files may lack columns, and their host may be in the path or in the file
  const types = files.every((file) => /(^|\/)host=[^/]*\//.test(file))
    ? options
    : options.replace(", 'host': varchar", '');
  for await (const _ of session.run(
    `create view ${table} as select * replace (${quoted('time')}::timestamp as ${quoted('time')}) from read_parquet(${fileList(files)}, ${types})`,
  ));
}

/** Files as a list of SQL. */
export function fileList(files: readonly string[]): string {
  return `[${files.map((file) => `'${file.replace(/'/g, "''")}'`).join(', ')}]`;
}

const TYPES: Readonly<Record<ValueType, string>> = {
  int32: 'integer',
  int64: 'bigint',
  uint64: 'ubigint',
  double: 'double',
  timestamp: 'timestamp',
  string: 'varchar',
};

/** A table without rows that has the columns of the schema. */
function emptyTable(table: SnapshotTable): string {
  const columns = snapshotColumns(table).map(
    (column) => `cast(null as ${TYPES[valueTypeOf(column, 'signed')]}) as ${quoted(column.name)}`,
  );
  return `select ${columns.join(', ')}, cast(null as date) as date, cast(null as varchar) as host where false`;
}

/** Throws UsageError if a store lacks a table that a query reads: its answer would be empty whatever the fleet does. */
export function requireTables(store: FleetStore, tables: Iterable<string>): void {
  const missing = [...tables].filter((table) => (store.files.get(table as SnapshotTable)?.length ?? 0) === 0);
  if (missing.length > 0) {
    throw new UsageError(
      `${store.location} has no files of ${missing.join(' and ')}, which the query reads: take snapshots without --only, or select other dates`,
    );
  }
}
