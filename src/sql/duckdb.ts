import { UnsupportedError } from '../core/errors.ts';

/** The package with DuckDB inside. It is optional: it has 70 MB. */
export type DuckDB = typeof import('@duckdb/node-api');

/** Loads DuckDB. Throws UnsupportedError, which says what to install, if it is missing or too old. */
export async function loadDuckDB(): Promise<DuckDB> {
  let module: DuckDB;
  try {
    module = await import('@duckdb/node-api');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const isMissing = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND';
    throw new UnsupportedError(
      'SQL without DuckDB',
      `install it beside structpage with 'npm install @duckdb/node-api'${isMissing ? '' : ` (${message})`}`,
    );
  }
  if (module.DuckDBTableFunction === undefined) {
    throw new UnsupportedError(
      'SQL with this version of DuckDB',
      "it has no table functions; update it with 'npm install @duckdb/node-api@latest'",
    );
  }
  return module;
}
