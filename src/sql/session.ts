import type { DuckDBConnection, DuckDBResult } from '@duckdb/node-api';
import { StructPageError, UsageError } from '../core/errors.ts';
import type { Inspector } from '../inspector/inspector.ts';
import { noCounts, type PageCounts } from '../scan/scan.ts';
import { TABLES } from '../tables/registry.ts';
import type { Trouble } from '../tables/table-definition.ts';
import { type DuckDB, loadDuckDB } from './duckdb.ts';
import { functionStatements, registerPfnOf } from './functions.ts';
import { pageSource } from './page-source.ts';
import { registerTable } from './register.ts';
import { tableSource } from './table-source.ts';

/** A dump for SQL; its tables are in the schema `name`, or need none if there is no name. */
export interface SqlDump {
  readonly name?: string;
  readonly inspector: Inspector;
  /** Receives what cannot be read. */
  readonly trouble: Trouble;
}

/** Names that the same table goes by. */
const ALIASES: readonly (readonly [alias: string, table: string])[] = [['slab_caches', 'slab']];

/** An embedded DuckDB whose tables are those of dumps. Nothing is copied into it: rows are decoded as a statement asks for them. */
export class SqlSession {
  readonly duckdb: DuckDB;
  readonly connection: DuckDBConnection;
  /** Struct pages that were met, by what became of them, for each dump. */
  readonly counts: ReadonlyMap<SqlDump, PageCounts>;
  readonly #close: () => void;
  /** What reading threw: DuckDB keeps the text alone. */
  #thrown: unknown;

  private constructor(
    duckdb: DuckDB,
    connection: DuckDBConnection,
    dumps: readonly SqlDump[],
    close: () => void,
  ) {
    this.duckdb = duckdb;
    this.connection = connection;
    this.counts = new Map(dumps.map((dump) => [dump, noCounts()]));
    this.#close = close;
  }

  /** Opens dumps for SQL. Throws UnsupportedError without DuckDB. */
  static async open(dumps: readonly SqlDump[]): Promise<SqlSession> {
    const duckdb = await loadDuckDB();
    // extensions would be fetched
    const offline = { autoinstall_known_extensions: 'false' };
    const instance = await duckdb.DuckDBInstance.create(':memory:', offline);
    const connection = await instance.connect();
    const session = new SqlSession(duckdb, connection, dumps, () => {
      connection.closeSync();
      instance.closeSync();
    });
    for (const [i, dump] of dumps.entries()) await session.#attach(dump, i);
    return session;
  }

  close(): void {
    this.#close();
  }

  /**
   * Runs statements, and gives the result of each as it comes. Throws UsageError with DuckDB's words for what is wrong with a
   * statement, and what reading a dump throws.
   */
  async *run(sql: string): AsyncGenerator<DuckDBResult> {
    // DuckDB calls this an error of its own
    if (NOTHING.test(sql)) return;
    const statements = await this.#guarded(() => this.connection.extractStatements(sql));
    for (let i = 0; i < statements.count; i++) {
      yield await this.#guarded(async () => (await statements.prepare(i)).stream());
    }
  }

  /** The next rows of a result; null at its end. Throws as `run` does. */
  next(result: DuckDBResult): ReturnType<DuckDBResult['fetchChunk']> {
    return this.#guarded(() => result.fetchChunk());
  }

  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    this.#thrown = undefined;
    try {
      return await work();
    } catch (error) {
      const thrown: unknown = this.#thrown;
      if (thrown !== undefined) throw thrown;
      if (error instanceof StructPageError || !(error instanceof Error)) throw error;
      // the mark under the place of an error must stay under it
      const text = error.message.replace(/^Failed to \w+ statements?: /, '').trimEnd();
      throw new UsageError(text.replace(/\n/g, '\n  '));
    }
  }

  async #attach(dump: SqlDump, index: number): Promise<void> {
    const { inspector, name, trouble } = dump;
    const schema = name === undefined ? 'main' : quoted(name);
    if (name !== undefined) await this.connection.run(`create schema ${schema}`);
    const pages = pageSource(inspector, this.counts.get(dump)!);
    const tables = [pages, ...TABLES.map((definition) => tableSource(inspector, definition, trouble))];
    const failed = (error: unknown): void => {
      this.#thrown = error;
    };
    for (const table of tables) {
      const from = `structpage_${index}_${table.name}`;
      registerTable(this.duckdb, this.connection, from, table, failed);
      const names = [table.name, ...ALIASES.filter(([, of]) => of === table.name).map(([alias]) => alias)];
      for (const view of names) {
        await this.connection.run(`create view ${schema}.${quoted(view)} as from ${quoted(from)}()`);
      }
    }
    registerPfnOf(this.duckdb, this.connection, `structpage_${index}_pfn_of`, inspector, failed);
    for (const statement of functionStatements(schema, index, pages.flags)) {
      await this.connection.run(statement);
    }
  }
}

/** Text without a statement. */
const NOTHING = /^(?:[\s;]|--[^\n]*|\/\*[\s\S]*?\*\/)*$/;

/** A name as an identifier of SQL. */
export function quoted(name: string): string {
  return `"${name.replace(/"/g, '""')}"`;
}
