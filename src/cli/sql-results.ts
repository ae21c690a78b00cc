import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exporterOf, jsonRows, resultTable, type Sink, type SqlSession, writeTable } from '../index.ts';
import { terminalWidth } from './output.ts';
import type { SqlFormat } from './sql-format.ts';

/** Runs statements and writes the rows of those that give any. Throws as SqlSession.run does. */
export async function printResults(
  session: SqlSession,
  sql: string,
  format: SqlFormat,
  sink: Sink,
): Promise<void> {
  if (format === 'parquet') return printParquet(session, sql, sink);
  for await (const result of session.run(sql)) {
    if (result.returnType !== session.duckdb.ResultReturnType.QUERY_RESULT) continue;
    switch (format) {
      case 'table':
      case 'csv': {
        const width = format === 'table' ? terminalWidth() : {};
        await writeTable(resultTable(session, result), exporterOf(format)!, width, sink);
        break;
      }
      default:
        await printJson(jsonRows(session, result), format === 'json', sink);
    }
  }
}

async function printJson(rows: AsyncIterable<string>, isArray: boolean, sink: Sink): Promise<void> {
  let any = false;
  if (isArray) await sink('[\n');
  for await (const row of rows) {
    await sink(isArray ? `${any ? ',\n' : ''}${row}` : `${row}\n`);
    any = true;
  }
  if (isArray) await sink(any ? '\n]\n' : ']\n');
}

/** DuckDB writes Parquet itself: it has types that pages do not. */
async function printParquet(session: SqlSession, sql: string, sink: Sink): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'structpage-sql-'));
  try {
    const path = join(folder, 'result.parquet');
    const query = sql.trim().replace(/;\s*$/, '');
    for await (const _ of session.run(`copy (${query}\n) to '${path.replace(/'/g, "''")}' (format parquet)`));
    await sink(readFileSync(path));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
