import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fleetQueries, openFleet, openFolder, type Planted, type SqlSession } from '../../src/index.ts';
import {
  type AnswerRow,
  comparable,
  duckAnswer,
  expected,
  plantedOf,
  settingsOf,
  simulated,
} from './answers.ts';
import { Cluster, type JobResult, sparkHome } from './cluster.ts';

/** A simulated fleet to take instead of a small one. */
const GIVEN = process.env.STRUCTPAGE_FLEET;
const LIMIT = GIVEN === undefined ? 900_000 : 3_600_000;
const QUERIES = fleetQueries().map((query) => query.name);
/** Queries that read pages run while the worker is lost. */
const HEAVY = fleetQueries()
  .filter(({ reads }) => reads.has('pages'))
  .map((query) => query.name);

const home = sparkHome();

describe.skipIf(home === undefined)('Spark, and DuckDB', () => {
  const dir = mkdtempSync(join(tmpdir(), 'structpage-spark-'));
  const fleet = GIVEN ?? join(dir, 'fleet');
  let cluster: Cluster;
  let session: SqlSession;
  let planted: Planted;
  const duck = new Map<string, AnswerRow[]>();
  beforeAll(async () => {
    if (GIVEN === undefined) await simulated(fleet, { hosts: 16, snapshots: 5 });
    planted = plantedOf(fleet);
    cluster = await Cluster.start(home!, dir, 2);
    session = await openFleet(openFolder(fleet));
    for (const expectation of planted.queries) {
      duck.set(expectation.query, await duckAnswer(session, expectation.query, settingsOf(expectation)));
    }
  }, LIMIT);
  afterAll(async () => {
    session?.close();
    await cluster?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  const ask = (
    output: string,
    queries: readonly string[],
    watch?: (err: string) => void,
  ): Promise<JobResult> => {
    const settings = planted.queries.flatMap(({ query, set }) =>
      Object.entries(set).flatMap(([name, value]) => ['--set', `${query}.${name}=${value}`]),
    );
    return cluster.submit(
      'query.py',
      [fleet, ...queries, ...settings, '--output', join(dir, output)],
      {},
      watch,
    );
  };

  const check = (output: string, query: string): void => {
    const answer = answerOf(join(dir, output, `${query}.ndjson`));
    const expectation = planted.queries.find((e) => e.query === query)!;
    expect([query, comparable(expectation, answer)]).toEqual([query, expected(expectation)]);
    expect([query, answer.map(rounded)]).toEqual([query, duck.get(query)!.map(rounded)]);
  };

  test(
    'give the same answers, which are what was planted',
    async () => {
      const { code, err } = await ask('whole', []);
      expect([code, code === 0 ? '' : err]).toEqual([0, '']);
      for (const query of QUERIES) check('whole', query);
    },
    LIMIT,
  );

  test(
    'give the same answers if a worker is lost in the middle',
    async () => {
      let isKilled = false;
      const queries = [QUERIES.find((name) => !HEAVY.includes(name))!, ...HEAVY];
      const { code, err } = await ask('lost', queries, (text) => {
        // the first answer is there, and the next query has begun
        if (isKilled || !text.includes(`${queries[0]}: `)) return;
        isKilled = true;
        setTimeout(() => cluster.killWorker(1), GIVEN === undefined ? 500 : 15_000);
      });
      expect([code, code === 0 ? '' : err]).toEqual([0, '']);
      expect(err).toMatch(/Lost executor|worker lost|Worker .* was lost|Removing executor/i);
      for (const query of queries) check('lost', query);
    },
    LIMIT,
  );
});

function answerOf(path: string): AnswerRow[] {
  if (!existsSync(path)) throw new Error(`the job has written no ${path}`);
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as AnswerRow);
}

/** Engines round halves in different ways, and DuckDB has large numbers as text. */
function rounded(row: AnswerRow): unknown {
  const entries = Object.entries(row).map(([name, value]) => {
    const number = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value;
    return [name, typeof number === 'number' && !Number.isInteger(number) ? number.toFixed(3) : number];
  });
  return Object.fromEntries(entries);
}
