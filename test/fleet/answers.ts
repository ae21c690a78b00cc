import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Expectation,
  fleetQueries,
  fleetQuery,
  openMemory,
  type Planted,
  parametersStatement,
  type SimulateOptions,
  type SimulateReport,
  type SqlSession,
  simulateFleet,
} from '../../src/index.ts';
import { SAMPLE } from '../cli/run.ts';

/** A row of an answer; numbers and texts as JSON has them. */
export type AnswerRow = Readonly<Record<string, unknown>>;

/** Makes a simulated fleet out of the sample. */
export async function simulated(
  folder: string,
  options: Partial<SimulateOptions> = {},
): Promise<SimulateReport> {
  const capture = await openMemory(SAMPLE);
  const size = { hosts: 40, seed: 1, tiles: 64, snapshots: 6, start: Date.UTC(2026, 10, 16) };
  return simulateFleet(folder, [capture], { ...size, ...options });
}

export function plantedOf(folder: string): Planted {
  return JSON.parse(readFileSync(join(folder, 'planted.json'), 'utf8')) as Planted;
}

/** The parameters that an expectation needs. */
export function settingsOf({ query, set }: Expectation): Map<string, string> {
  if (!fleetQueries().some(({ name }) => name === query)) throw new Error(`there is no query ${query}`);
  return new Map(Object.entries(set));
}

/** The answer of DuckDB to a ready query. */
export async function duckAnswer(
  { connection }: SqlSession,
  name: string,
  settings: ReadonlyMap<string, string> = new Map(),
): Promise<AnswerRow[]> {
  const query = fleetQuery(name);
  await connection.run(parametersStatement(query, settings));
  return (await connection.runAndReadAll(query.sql)).getRowObjectsJson() as AnswerRow[];
}

/** The rows that an expectation compares, in a form that does not depend on their order. */
export function comparable(
  { where, columns, match, rows }: Expectation,
  answer: readonly AnswerRow[],
): string[] {
  const meant = answer.filter((row) =>
    Object.entries(where).every(([column, value]) => String(row[column]) === String(value)),
  );
  const first = match === 'first' ? meant.slice(0, rows.length) : meant;
  return first.map((row) => columns.map((column) => String(row[column])).join(' ')).sort();
}

/** What an expectation wants of `comparable`. */
export function expected({ rows }: Expectation): string[] {
  return rows.map((row) => row.map(String).join(' ')).sort();
}
