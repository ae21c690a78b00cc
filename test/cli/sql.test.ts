import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readParquet } from '../export/parquet-file.ts';
import { SAMPLE, shell, structpage } from './run.ts';

const dir = mkdtempSync(join(tmpdir(), 'structpage-sql-'));
afterAll(() => rmSync(dir, { recursive: true }));

const QUERY =
  'select type, count(*) as pages, max(flags_raw) as highest from pages group by all order by pages limit 2';

test('results as a table, CSV, JSON and Parquet', async () => {
  const printed = (...format: string[]): unknown => {
    const { code, out, err } = structpage('sql', SAMPLE, QUERY, ...format);
    expect([code, err]).toEqual([0, '']);
    return out;
  };
  expect(printed()).toBe(
    'type  pages          highest\ntable   113 4503598553628672\nslab   2905 4503598553629248\n',
  );
  expect(printed('--format', 'csv')).toBe(
    'type,pages,highest\ntable,113,4503598553628672\nslab,2905,4503598553629248\n',
  );
  expect(JSON.parse(printed('--format', 'json') as string)).toEqual([
    { type: 'table', pages: 113, highest: '4503598553628672' },
    { type: 'slab', pages: 2905, highest: '4503598553629248' },
  ]);
  const path = join(dir, 'result.parquet');
  expect(structpage('sql', SAMPLE, QUERY, '-o', path)).toEqual({ code: 0, out: '', err: '' });
  expect(await readParquet(readFileSync(path))).toEqual([
    { type: 'table', pages: 113n, highest: 4503598553628672n },
    { type: 'slab', pages: 2905n, highest: 4503598553629248n },
  ]);
});

test('statements come from a file, or from standard input', () => {
  const script = join(dir, 'script.sql');
  writeFileSync(script, 'create table t as select pfn from pages limit 2;\nselect count(*) as n from t;\n');
  expect(structpage('sql', SAMPLE, '--file', script)).toEqual({ code: 0, out: 'n\n2\n', err: '' });
  expect(shell(`structpage sql ${SAMPLE} < ${script}`)).toEqual({ code: 0, out: 'n\n2\n', err: '' });
});

test('dumps with names', () => {
  const query = 'select count(*) as n from a.zones join b.zones using (zone)';
  const { code, out } = structpage('sql', '--dump', `a=${SAMPLE}`, '--dump', `b=${SAMPLE}`, query);
  expect([code, out]).toEqual([0, 'n\n2\n']);
});

test.each([
  ['a mistake in the statement', [SAMPLE, 'select\n  tpye from pages'], 'LINE 2:   tpye from pages\n'],
  ['a format that there is not', [SAMPLE, 'select 1', '--format', 'xml'], "there is no format 'xml' for SQL"],
  ['an extension that selects none', [SAMPLE, 'select 1', '-o', '/dev/null/x.xml'], 'selects no format'],
  ['two statements', [SAMPLE, 'select 1', '--file', '/dev/null'], 'give the statement or --file'],
  ['a dump without a name', [SAMPLE, '--dump', `a=${SAMPLE}`, 'select 1'], 'give every dump a name'],
  ['no name', ['--dump', SAMPLE, 'select 1'], '--dump takes a name and a file'],
  ['a name twice', ['--dump', `a=${SAMPLE}`, '--dump', `A=${SAMPLE}`, 'select 1'], 'the name A is taken'],
  [
    'a script that is not there',
    [SAMPLE, '--file', '/dev/null/script.sql'],
    'cannot read /dev/null/script.sql',
  ],
])('%s is a mistake of the user', (_, args, message) => {
  const { code, out, err } = structpage('sql', ...args);
  expect([code, out]).toEqual([2, '']);
  expect(err).toContain(message);
  expect(err).not.toContain('    at ');
});

test('a statement that fails leaves no file', () => {
  const folder = mkdtempSync(join(dir, 'out-'));
  for (const name of ['result.csv', 'result.parquet']) {
    const { code } = structpage('sql', SAMPLE, "select error('stop') from pages", '-o', join(folder, name));
    expect(code).toBe(2);
  }
  expect(readdirSync(folder)).toEqual([]);
});

test('without DuckDB, one sentence says what to install', () => {
  const hook = join(dir, 'without.cjs');
  writeFileSync(
    hook,
    `const Module = require('node:module');
const resolve = Module._resolveFilename;
Module._resolveFilename = function (name, ...rest) {
  if (name !== '@duckdb/node-api') return resolve.call(this, name, ...rest);
  throw Object.assign(new Error('not there'), { code: 'MODULE_NOT_FOUND' });
};\n`,
  );
  const { code, out, err } = shell(`NODE_OPTIONS='-r ${hook}' structpage sql ${SAMPLE} 'select 1'`);
  expect([code, out, err]).toEqual([
    4,
    '',
    "structpage: SQL without DuckDB: install it beside structpage with 'npm install @duckdb/node-api'\n",
  ]);
});
