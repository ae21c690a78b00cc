import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, describe, expect, test } from 'vitest';
import { commandsOf, hasOption, pathOf } from '../../src/cli/command-tree.ts';
import { makeProgram } from '../../src/cli/program.ts';
import { PROC_FILES, TABLES } from '../../src/index.ts';
import { SAMPLE, shellLater, structpage } from './run.ts';

const SCHEMAS = fileURLToPath(new URL('../../schemas/', import.meta.url));
const FIXTURES = fileURLToPath(new URL('../fixtures/', import.meta.url));
/** A whole dump, if there is one: the sample has no memory of processes and objects. */
const { STRUCTPAGE_CORPUS: CORPUS } = process.env;
const WHOLE = CORPUS && join(CORPUS, 'x86_64-6.12.107-cloud', 'vmcore.elf');
const dir = mkdtempSync(join(tmpdir(), 'structpage-json-'));
afterAll(() => rmSync(dir, { recursive: true }));

const read = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));

/** What is wrong with a value, by a schema of the package. */
function wrongIn(value: unknown, schema: string): unknown {
  const ajv = new Ajv2020({ allErrors: true, strict: true, strictRequired: false, allowUnionTypes: true });
  const validate = ajv.compile(read(join(SCHEMAS, `${schema}.schema.json`)) as object);
  return validate(value) ? undefined : validate.errors?.slice(0, 5);
}

/** Commands without --json. */
const WITHOUT = ['completion', 'snapshot', 'fleet sql', 'fleet queries', 'fleet report', 'fleet simulate'];
const COMMANDS = commandsOf(makeProgram({ code: 0 }, '0'));
const files = readdirSync(SCHEMAS, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.json'))
  .map((name) => name.replace('.schema.json', ''));

/** Lines after `structpage`, with the schemas of what they print. DUMP stands for the sample. */
const LINES: readonly (readonly [line: string, schema: string])[] = [
  ['info DUMP --json', 'info'],
  ['summary DUMP --json', 'summary'],
  ['summary DUMP --group-by zone,type,slab_cache --json', 'summary'],
  ['page DUMP 4158 13313 32256 18401 --json', 'page'],
  ['translate DUMP 0xffe490aa00040c40 --json', 'translate'],
  ['translate DUMP 0xffffffff81000000 --json; true', 'translate'],
  ['doctor --json; true', 'doctor'],
  [
    `verify ${FIXTURES}x86_64-hvo-6.1.elf.gz --kpageflags <(gzip -dc ${FIXTURES}x86_64-hvo-6.1.kpageflags.gz) --json`,
    'verify',
  ],
  ['verify DUMP --kpagecount <(head -c 80000 /dev/zero) --json; true', 'verify'],
  ['layout list --json', 'layout-list'],
  ['layout diff 6.12.107+deb13-cloud-amd64 7.2.13+deb14-cloud-amd64 --json', 'layout-diff'],
  ['layout check DUMP --json', 'layout-check'],
  ['layout extract DUMP --json', 'layout-extract'],
  ['layout show DUMP --json', 'layout-show'],
  ['columns --json', 'columns'],
  ['table --json', 'table'],
  ['table zones DUMP --json', 'table'],
  ['help --json', 'help'],
  ['help layout show --json', 'help'],
  [`export DUMP -o ${dir}/pages.parquet --json`, 'export'],
  [`map DUMP -o ${dir}/map.png --json`, 'map'],
  [`treemap DUMP -o ${dir}/owners.html --by type,slab_cache --json`, 'treemap'],
  [`capture DUMP -o ${dir}/small.elf --json`, 'capture'],
  ['diff DUMP DUMP --json', 'diff'],
  ['top DUMP --json', 'top'],
  ['watch DUMP --json', 'watch'],
  ['diff DUMP DUMP --list uses --format json', 'diff'],
  ['dump DUMP --limit 40 --json', 'dump'],
  ['dump DUMP --columns all --limit 10 --json; true', 'dump'],
  ['dump DUMP --limit 40 --json --words decimal', 'dump'],
  ['dump DUMP --folios --limit 40 --json', 'dump'],
  ["sql DUMP 'select type, count(*) n from pages group by all' --json", 'sql'],
];

/** What needs the memory of objects. */
const OF_WHOLE_DUMPS: readonly (readonly [line: string, schema: string])[] = [
  ...PROC_FILES.map(({ name }) => [`${name} DUMP --json`, name] as const),
  ['balance DUMP --json', 'balance'],
  ['balance DUMP --remainder --json; true', 'balance'],
  ['slab DUMP --json', 'slab'],
  ['slab DUMP --objects dentry --limit 5 --json', 'slab'],
  ['fragmentation DUMP --json', 'fragmentation'],
  ['fragmentation DUMP --blocks --limit 9 --json', 'fragmentation'],
  ['fragmentation DUMP --index --json', 'fragmentation'],
  ...['process', 'file', 'memcg', 'class', 'cache', 'user', 'container', 'call-site', 'memcg --tree'].map(
    (by) => [`owners DUMP --by ${by} --json; true`, 'owners'] as const,
  ),
  ['ps DUMP --json', 'ps'],
  ['mounts DUMP --json', 'mounts'],
  ['mappings DUMP --limit 50 --json', 'mappings'],
  ['process DUMP 1 --json', 'process'],
  ['process DUMP 1 --rollup --json', 'process'],
  ['file DUMP /init --json', 'file'],
  ['file DUMP /init --rollup --json', 'file'],
  ['memcg DUMP / --json; true', 'memcg'],
  ['memcg DUMP --dying --json; true', 'memcg'],
  ['referrers DUMP 4158 --json; true', 'referrers'],
  ...TABLES.map(({ name }) => [`table ${name} DUMP --limit 50 --json; true`, 'table'] as const),
];

async function jsonOf(line: string, dump: string): Promise<unknown> {
  const { code, out, err } = await shellLater(`structpage ${line.replaceAll('DUMP', dump)}`);
  expect(code, err).toBe(0);
  return JSON.parse(out);
}

describe('JSON Schemas of the package', () => {
  test('every command has --json and a schema', () => {
    const names = COMMANDS.filter((command) => !WITHOUT.includes(pathOf(command)));
    expect(names.filter((command) => !hasOption(command, 'json')).map(pathOf)).toEqual([]);
    expect(files).toEqual(expect.arrayContaining(names.map((command) => pathOf(command).replace(' ', '-'))));
  });

  test('every table has a schema of its rows', () => {
    expect(files).toEqual(
      expect.arrayContaining(['pages', ...TABLES.map((t) => t.name)].map((t) => `rows/${t}`)),
    );
  });

  test.each(files)('%s is a schema', (name) => {
    expect(wrongIn(Symbol('no JSON'), name)).toBeDefined();
  });

  test.concurrent.each(LINES)('structpage %s', async (line, schema) => {
    expect(wrongIn(await jsonOf(line, SAMPLE), schema)).toBeUndefined();
  });

  test.runIf(WHOLE).concurrent.each(OF_WHOLE_DUMPS)(
    'structpage %s',
    { timeout: 60_000 },
    async (line, schema) => {
      expect(wrongIn(await jsonOf(line, WHOLE!), schema)).toBeUndefined();
    },
  );

  test('they refuse what is not so', () => {
    const { out } = structpage('dump', SAMPLE, '--limit', '3', '--json');
    const rows = JSON.parse(out) as Record<string, unknown>[];
    const [row] = rows;
    const changed = (change: object): unknown => wrongIn([{ ...row, ...change }], 'dump');
    expect(changed({})).toBeUndefined();
    expect(Object.keys(row!).length).toBeGreaterThan(20);
    for (const change of [{ pfn: '17' }, { pfn: null }, { mapping: 'f00' }, { other: 1 }, { order: 1.5 }]) {
      expect(changed(change), JSON.stringify(change)).toBeDefined();
    }
    expect(wrongIn({ pages: 1 }, 'summary')).toBeDefined();
  });

  test('rows of NDJSON have a schema', () => {
    const { out } = structpage('export', SAMPLE, '-o', '-', '--format', 'ndjson', '--limit', '20');
    for (const line of out.trim().split('\n'))
      expect(wrongIn(JSON.parse(line), 'rows/pages')).toBeUndefined();
  });

  test('--json and another format are refused', () => {
    expect(structpage('dump', SAMPLE, '--json', '--format', 'csv')).toEqual({
      code: 2,
      out: '',
      err: 'structpage: --json and --format csv cannot be combined\n',
    });
    expect(structpage('export', SAMPLE, '-o', '-', '--format', 'csv', '--json').err).toBe(
      'structpage: --json and --output - both write to standard output\n',
    );
  });
});
