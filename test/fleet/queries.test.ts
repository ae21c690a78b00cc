import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  fleetQueries,
  openFleet,
  openFolder,
  parametersStatement,
  parseQuery,
  type SqlSession,
} from '../../src/index.ts';
import { snapshotColumns } from '../../src/snapshot/schema.ts';
import { comparable, duckAnswer, expected, plantedOf, settingsOf, simulated } from './answers.ts';

const dir = mkdtempSync(join(tmpdir(), 'structpage-fleet-'));
const QUERIES = fleetQueries();
let session: SqlSession;
beforeAll(async () => {
  await simulated(dir);
  session = await openFleet(openFolder(dir));
}, 60_000);
afterAll(() => {
  session.close();
  rmSync(dir, { recursive: true });
});

describe('ready queries', () => {
  test.each(QUERIES.map((q) => [q.name, q] as const))(
    '%s tells what it means',
    (name, { title, sql, reads }) => {
      expect(title).not.toBe('');
      const comments = sql.slice(0, sql.search(/^[^-]/m));
      expect(comments).toMatch(/^-- example:\n(-- {3}.+\n){2,}$/m);
      expect(reads.size).toBeGreaterThan(0);
      for (const [table, columns] of reads) {
        const known = snapshotColumns(table as 'pages').map((column) => column.name);
        expect([...known, 'host', 'date']).toEqual(expect.arrayContaining([...columns]));
      }
      expect(parseQuery(name, sql)).toMatchObject({ name, title });
    },
  );

  test('find exactly what was planted', async () => {
    const { queries } = plantedOf(dir);
    expect(queries.map((q) => q.query).sort()).toEqual(QUERIES.map((q) => q.name));
    for (const expectation of queries) {
      expect(expectation.rows.length).toBeGreaterThan(0);
      const answer = await duckAnswer(session, expectation.query, settingsOf(expectation));
      expect([expectation.query, comparable(expectation, answer)]).toEqual([
        expectation.query,
        expected(expectation),
      ]);
    }
  }, 60_000);

  test('show the columns that their examples have', async () => {
    for (const { name, sql } of QUERIES) {
      const [, header] = /^-- example:\n--\s+(.*)$/m.exec(sql)!;
      const [row] = await duckAnswer(session, name);
      if (row) expect(header!.split(/\s+/)).toEqual(Object.keys(row));
    }
  }, 60_000);

  test('read the columns that they say', async () => {
    for (const query of QUERIES) {
      await session.connection.run(parametersStatement(query, new Map()));
      const plan = await session.connection.runAndReadAll(`explain (format json) ${query.sql}`);
      const read = scannedColumns(JSON.parse(String(plan.getRows()[0]![1])) as Plan[]);
      expect(read.size).toBeGreaterThan(0);
      const said = [...query.reads].flatMap(([, columns]) => columns);
      expect([query.name, [...read].filter((column) => !said.includes(column))]).toEqual([query.name, []]);
    }
  }, 60_000);
});

interface Plan {
  readonly name: string;
  readonly children: readonly Plan[];
  readonly extra_info: { readonly Projections?: string | readonly string[] };
}

/** The columns that a plan takes out of files. */
function scannedColumns(plans: readonly Plan[]): Set<string> {
  const columns = new Set<string>();
  for (const { name, children, extra_info } of plans) {
    if (/READ_PARQUET|PARQUET_SCAN|TABLE_SCAN/.test(name)) {
      for (const column of [extra_info.Projections ?? []].flat()) columns.add(column);
    }
    for (const column of scannedColumns(children)) columns.add(column);
  }
  return columns;
}

describe('parameters', () => {
  const query = parseQuery(
    'q',
    '-- Title\n-- parameter n int 5: a number\n-- parameter d date null: a date\nselect 1',
  );

  test('are a view of one row', () => {
    expect(parametersStatement(query, new Map([['d', '2026-11-17']]))).toBe(
      "create or replace temporary view parameters as select cast(5 as int) as n, cast('2026-11-17' as date) as d",
    );
  });

  test.each([
    ['n', '5; drop view pages', 'takes a whole number'],
    ['d', "x' as d, (select 1) as e", 'takes a date'],
    ['m', '1', "has no parameter 'm'; it has n, d"],
  ])('%s=%s is refused', (name, value, message) => {
    expect(() => parametersStatement(query, new Map([[name, value]]))).toThrow(message);
  });
});
