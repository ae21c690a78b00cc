import { UsageError } from '../core/errors.ts';
import { type SnapshotTable, snapshotColumns } from '../snapshot/schema.ts';
import { quoted, SqlSession } from '../sql/session.ts';
import { type ValueType, valueTypeOf } from '../table/value-type.ts';
import { FLEET_TABLES, type FleetStore, type FleetTable } from './store.ts';

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
    for (const table of FLEET_TABLES) await createView(session, table, store);
    for (const macro of MACROS) await session.connection.run(macro);
    return session;
  } catch (error) {
    session.close();
    throw error;
  }
}

async function createView(session: SqlSession, table: FleetTable, store: FleetStore): Promise<void> {
  const files = store.files.get(table) ?? [];
  if (files.length === 0) {
    if (table !== 'errors') await session.connection.run(`create view ${table} as ${emptyTable(table)}`);
    return;
  }
  // compacted files have the host in a column
  const areByHost = files.every((file) => /(^|\/)host=[^/]*\//.test(file));
  const types = `{'date': date${areByHost ? ", 'host': varchar" : ''}}`;
  const rows = `read_parquet(${fileList(files)}, hive_partitioning = true, hive_types = ${types}, union_by_name = true)`;
  const wanted = store.hosts && ` where host in (${store.hosts.map(textLiteral).join(', ')})`;
  for await (const _ of session.run(
    `create view ${table} as select * replace ("time"::timestamp as "time") from ${rows}${wanted ?? ''}`,
  ));
}

function textLiteral(text: string): string {
  return `'${text.replace(/'/g, "''")}'`;
}

/** Files as a list of SQL. */
export function fileList(files: readonly string[]): string {
  return `[${files.map(textLiteral).join(', ')}]`;
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
  const missing = [...tables].filter((table) => (store.files.get(table as FleetTable)?.length ?? 0) === 0);
  if (missing.length > 0) {
    throw new UsageError(
      `${store.location} has no files of ${missing.join(' and ')}, which the query reads: take snapshots without --only, or select other dates`,
    );
  }
}
