import { SqlSession } from '../sql/session.ts';
import type { FleetQuery } from './queries.ts';
import { fileList } from './session.ts';
import { FLEET_TABLES, type FleetStore, type FleetTable } from './store.ts';

/** How many bytes a query has to read of a store, at the most: engines also skip files by their date. */
export interface QueryCost {
  readonly name: string;
  /** Bytes of the columns that it reads, compressed as they are in the files. */
  readonly bytes: number;
  /** Bytes of all columns of the tables that it reads. */
  readonly total: number;
  readonly files: number;
}

/** Adds up, from the footers of the files, what each query reads. */
export async function queryCosts(store: FleetStore, queries: readonly FleetQuery[]): Promise<QueryCost[]> {
  const session = await SqlSession.open([]);
  try {
    return await costsIn(session, store, queries);
  } finally {
    session.close();
  }
}

async function costsIn(
  session: SqlSession,
  store: FleetStore,
  queries: readonly FleetQuery[],
): Promise<QueryCost[]> {
  const sizes = new Map<string, ReadonlyMap<string, number>>();
  for (const table of FLEET_TABLES) {
    const files = store.files.get(table) ?? [];
    if (files.length > 0) sizes.set(table, await columnSizes(session, files));
  }
  return queries.map(({ name, reads }) => {
    let [bytes, total, files] = [0, 0, 0];
    for (const [table, columns] of reads) {
      const known = sizes.get(table) ?? new Map<string, number>();
      for (const column of columns) bytes += known.get(column) ?? 0;
      for (const size of known.values()) total += size;
      files += store.files.get(table as FleetTable)?.length ?? 0;
    }
    return { name, bytes, total, files };
  });
}

async function columnSizes(
  { connection }: SqlSession,
  files: readonly string[],
): Promise<Map<string, number>> {
  const result = await connection.runAndReadAll(
    `select path_in_schema, sum(total_compressed_size)::double from parquet_metadata(${fileList(files)}) group by all`,
  );
  return new Map(result.getRows().map(([column, size]) => [String(column), Number(size)]));
}
