import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { fileFormat } from '../../src/cli/file-format.ts';
import { columnsFor } from '../../src/cli/options.ts';
import { zstdModule } from '../../src/formats/compression/zstd.ts';
import { SAMPLE, structpage } from './run.ts';

const dir = mkdtempSync(join(tmpdir(), 'structpage-formats-'));
afterAll(() => rmSync(dir, { recursive: true }));

const ROWS = ['--pfn', '4145-4160', '--columns', 'pfn,flags_raw,flags,type'];

/** What `export` writes to a file of this name. */
function exported(name: string, ...args: string[]): Buffer {
  const path = join(dir, name);
  expect(structpage('export', SAMPLE, ...ROWS, '-o', path, ...args)).toEqual({ code: 0, out: '', err: '' });
  return readFileSync(path);
}

describe('extensions', () => {
  test.each([
    ['a.csv', 'csv', undefined],
    ['a.b.TSV', 'csv', undefined],
    ['a.jsonl', 'ndjson', undefined],
    ['a.csv.gz', 'csv', 'gz'],
    ['a.tsv.zst', 'csv', 'zst'],
    ['a.parquet', 'parquet', undefined],
    ['a.arrow', 'arrow', undefined],
  ])('%s is %s', (path, name, compression) => {
    const format = fileFormat(path, undefined);
    expect([format.exporter.name, format.compression]).toEqual([name, compression]);
  });

  test.each(['a', 'a.gz', '-', 'a.table', '.csv/a', 'a.parquet.gz', 'a.constructor'])(
    '%s selects none',
    (path) => {
      expect(() => fileFormat(path, undefined)).toThrow(/selects no format|not compressed as a whole/);
    },
  );
});

test('compressed files hold what others do', async () => {
  const plain = exported('plain.csv');
  expect(gunzipSync(exported('rows.csv.gz'))).toEqual(plain);
  const zstd = await zstdModule();
  expect(Buffer.from(zstd.decompress(exported('rows.csv.zst')))).toEqual(plain);
  expect(exported('rows.tsv').toString()).toBe(plain.toString().replaceAll(',', '\t'));
  expect(exported('rows.jsonl')).toEqual(exported('rows.ndjson'));
  expect(readdirSync(dir).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

test('words are decimal if they are asked for so', () => {
  const lines = exported('hex.csv').toString().trimEnd().split('\n').slice(1);
  const words = lines.map((line) => BigInt(line.split(',')[1]!));
  const decimal = exported('decimal.csv', '--words', 'decimal').toString().trimEnd().split('\n').slice(1);
  expect(decimal.map((line) => line.split(',')[1])).toEqual(words.map(String));
  const quoted = exported('quoted.csv', '--words', 'decimal', '--quoted')
    .toString()
    .trimEnd()
    .split('\n')
    .slice(1);
  expect(quoted.map((line) => line.split(',')[1])).toEqual(words.map((w) => `"${w}"`));
  const json = exported('decimal.ndjson', '--words', 'decimal').toString().trimEnd().split('\n');
  expect(json.map((line) => /"flags_raw":(\d+),/.exec(line)?.[1])).toEqual(words.map(String));
  const zones = ['table', 'slab', SAMPLE, '--limit', '0', '--format', 'csv', '--words', 'decimal'];
  expect(structpage(...zones).code).not.toBe(2);
});

test.each([
  ['csv', 'signed', "option 'words': it must be 'hex' or 'decimal'"],
  ['parquet', 'hex', "option 'words': it must be 'unsigned' or 'signed'"],
  ['csv', 'octal', "it must be 'hex' or 'decimal'; it must be 'unsigned' or 'signed'"],
  [
    'table',
    'decimal',
    '--words is an option of csv and json and ndjson and parquet and arrow; the format is table',
  ],
])('--format %s --words %s is refused', (format, words, message) => {
  const { code, err } = structpage('dump', SAMPLE, '--format', format, '--words', words);
  expect(code).toBe(2);
  expect(err).toContain(message);
});

test('columns can be all, or more than the default', () => {
  const preset = ['a', 'b'];
  const all = ['a', 'b', 'c', 'd'];
  expect(columnsFor(undefined, preset, all)).toEqual(preset);
  expect(columnsFor(['all'], preset, all)).toEqual(all);
  expect(columnsFor(['+d', 'a', 'c'], preset, all)).toEqual(['a', 'b', 'd', 'c']);
  expect(columnsFor(['d', 'a'], preset, all)).toEqual(['d', 'a']);
  const { out } = structpage('dump', SAMPLE, '--limit', '1', '--format', 'csv', '--columns', '+kpageflags');
  expect(out.split('\n')[0]).toMatch(/^pfn,.*,slab_cache,kpageflags$/);
  expect(structpage('dump', SAMPLE, '--columns', '+nothing').err).toContain("no column 'nothing'");
});
