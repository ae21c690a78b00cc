import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fleetQueries, openFleet, openFolder, type Planted, type SqlSession } from '../../src/index.ts';
import { MAIN } from '../cli/run.ts';
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
import { collectDumps, differences } from './dumps.ts';

/** A simulated fleet to take instead of a small one. */
const GIVEN = process.env.STRUCTPAGE_FLEET;
const LIMIT = GIVEN === undefined ? 900_000 : 3_600_000;
const QUERIES = fleetQueries().map((query) => query.name);
/** Queries that read pages run while the worker is lost. */
const HEAVY = fleetQueries()
  .filter(({ reads }) => reads.has('pages'))
  .map((query) => query.name);
const LIGHT = QUERIES.filter((name) => !HEAVY.includes(name));

const home = sparkHome();

describe.skipIf(home === undefined)('Spark, and DuckDB', () => {
  const dir = mkdtempSync(join(tmpdir(), 'structpage-spark-'));
  const fleet = GIVEN ?? join(dir, 'fleet');
  let cluster: Cluster;
  let session: SqlSession;
  let planted: Planted;
  const duck = new Map<string, AnswerRow[]>();
  beforeAll(async () => {
    if (GIVEN === undefined) await simulated(fleet, { hosts: 24, snapshots: 5 });
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
    watch?: (out: string) => void,
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

  // the other test asks a large fleet all queries
  test.skipIf(GIVEN !== undefined)(
    'give the same answers, which are what was planted',
    async () => {
      const { code, err } = await ask('whole', []);
      expect([code, code === 0 ? '' : err]).toEqual([0, '']);
      for (const query of QUERIES) check('whole', query);
    },
    LIMIT,
  );

  test.skipIf(GIVEN !== undefined)(
    'decode dumps in parallel, and list the one that cannot be read',
    async () => {
      const { dumps, damaged, list } = collectDumps(join(dir, 'dumps'));
      const store = join(dir, 'decoded');
      const args = ['--list', list, '--to', store, '--command', `${process.execPath} ${MAIN}`];
      const { code, out, err } = await cluster.submit('decode.py', args, { 'spark.task.maxFailures': '2' });
      expect([code, code === 0 ? '' : err]).toEqual([0, '']);
      expect(out.split('\n').filter((line) => line.startsWith('{'))).toHaveLength(dumps.length + 1);
      for (const dump of dumps) {
        const [rows, ...wrong] = await differences(store, dump);
        expect(rows).toBeGreaterThan(0);
        expect([dump.host, wrong]).toEqual([dump.host, [0, 0]]);
      }
      const errors = await session.connection.runAndReadAll(
        `select dump, host, code, attempts, message from read_parquet('${store}/errors/*/*.parquet')`,
      );
      expect(errors.getRows()).toEqual([
        [damaged.path, 'damaged', expect.any(Number), 1, expect.stringMatching(/^structpage: /)],
      ]);
      expect(openFolder(store).files.get('hosts')).toHaveLength(dumps.length);
    },
    LIMIT,
  );

  test(
    'give the same answers if a worker is lost in the middle',
    async () => {
      let isKilled = false;
      const before = GIVEN === undefined ? LIGHT.slice(0, 1) : LIGHT;
      const queries = [...before, ...HEAVY];
      const { code, err } = await ask('lost', queries, (text) => {
        // an answer is there, and the next query has begun
        if (isKilled || !text.includes(`${before.at(-1)}: `)) return;
        isKilled = true;
        setTimeout(() => cluster.killWorker(1), GIVEN === undefined ? 500 : 40_000);
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
