import type { DuckDBConnection, DuckDBDataChunk } from '@duckdb/node-api';
import type { DuckDB } from './duckdb.ts';
import type { SqlBatch, SqlTable } from './source.ts';
import { sqlType, VectorWriter } from './vectors.ts';

/** Rows that DuckDB takes at a time. */
const VECTOR_ROWS = 2048;

/** Where a scan of a table is. */
interface ScanState {
  readonly batches: Iterator<SqlBatch>;
  /** The columns that are asked for, and which vector each goes to. */
  readonly writers: readonly {
    readonly name: string;
    readonly vector: number;
    readonly writer: VectorWriter;
  }[];
  batch: SqlBatch | undefined;
  next: number;
}

/** Registers a table as a function of DuckDB without parameters. `failed` takes what reading throws, which DuckDB only has the text of. */
export function registerTable(
  duckdb: DuckDB,
  connection: DuckDBConnection,
  name: string,
  table: SqlTable,
  failed: (error: unknown) => void,
): void {
  const guarded = <A extends unknown[]>(work: (...args: A) => void): ((...args: A) => void) => {
    return (...args) => {
      try {
        work(...args);
      } catch (error) {
        failed(error);
        throw error;
      }
    };
  };
  connection.registerTableFunction(
    duckdb.DuckDBTableFunction.create({
      name,
      supportsProjectionPushdown: true,
      bindFunction: guarded((info) => {
        for (const column of table.columns) info.addResultColumn(column.name, sqlType(duckdb, column));
        if (table.rowCount !== undefined) info.setCardinality(table.rowCount, false);
      }),
      initFunction: guarded((info) => {
        // what counts rows alone asks for a column that there is not
        const writers = info.getColumnIndexes().flatMap((index, vector) => {
          const column = table.columns[index];
          return column ? [{ name: column.name, vector, writer: new VectorWriter(column) }] : [];
        });
        info.setMaxThreads(1);
        info.setInitData({
          batches: table.rows(writers.map(({ name }) => name))[Symbol.iterator](),
          writers,
          batch: undefined,
          next: 0,
        } satisfies ScanState);
      }),
      mainFunction: guarded((info, output) => advance(info.initData as ScanState, output)),
    }),
  );
}

function advance(state: ScanState, output: DuckDBDataChunk): void {
  while (!state.batch || state.next === state.batch.count) {
    const { done, value } = state.batches.next();
    if (done) {
      output.rowCount = 0;
      return;
    }
    state.batch = value;
    state.next = 0;
  }
  const { batch, next } = state;
  const count = Math.min(VECTOR_ROWS, batch.count - next);
  output.rowCount = count;
  for (const { name, vector, writer } of state.writers) {
    writer.write(output.getColumnVector(vector), batch.column(name), batch.rows, next, count);
  }
  state.next += count;
}
