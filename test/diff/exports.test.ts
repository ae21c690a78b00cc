import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PagesOfCapture } from '../builders/struct-pages.ts';
import { SAMPLE, structpage } from '../cli/run.ts';

const folder = mkdtempSync(join(tmpdir(), 'structpage-diff-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string): string => join(folder, name);

beforeAll(async () => {
  const sample = await PagesOfCapture.read(SAMPLE);
  const anon = sample.pfns('mapping_kind == anon && order == 0 && zone == DMA32');
  const [dentry] = sample.pfns('slab_cache == dentry && order == 0 && zone == DMA32');
  writeFileSync(file('a.elf'), sample.bytes);
  writeFileSync(file('b.elf'), sample.with([{ from: dentry!, to: anon.slice(0, 300) }]));
  sample.close();
});

/** What diff says of two files, without their names and relation. */
function said(...args: readonly string[]): Record<string, unknown> {
  const { code, out, err } = structpage('diff', ...args, '--by', 'type', '--json');
  expect([code, err.replace(/^structpage: warning: compared as dumps of one boot.*\n/, '')]).toEqual([0, '']);
  const { dumps, relation, ...rest } = JSON.parse(out);
  return rest;
}

describe('exports are compared like the dumps that they are from', () => {
  test.each([
    ['.csv'],
    ['.tsv'],
    ['.csv.gz'],
    ['.parquet'],
    ['.parquet', '--compression', 'zstd'],
    ['.parquet', '--compression', 'none'],
  ])('%s %s %s', (extension, ...options) => {
    const [a, b] = ['a', 'b'].map((name) => {
      const to = file(`${name}${extension}`);
      expect(structpage('export', file(`${name}.elf`), '-o', to, ...options).code).toBe(0);
      return to;
    }) as [string, string];
    const dumps = said(file('a.elf'), file('b.elf'));
    expect(said(a, b)).toEqual(dumps);
    expect(said(file('a.elf'), b)).toEqual(dumps);
    expect(dumps).toMatchObject({ suspects: [{ owner: 'dentry', growth: 300 }] });
  });

  test('of names with commas, quotation marks and line feeds', () => {
    const head = 'pfn,type,mapping_kind,slab_cache,note\n';
    writeFileSync(file('one.csv'), `${head}1,slab,none,"a,""b""\nc",x\n2,,anon,,"y"\n`);
    writeFileSync(file('two.csv'), `${head}1,slab,none,"a,""b""\nc",x\r\n2,slab,none,"a,""b""\nc",z`);
    const { out } = structpage(
      'diff',
      file('one.csv'),
      file('two.csv'),
      '--list',
      'suspects',
      '--format',
      'json',
    );
    expect(JSON.parse(out)).toMatchObject([{ owner: 'a,"b"\nc', first: 1, last: 2, kib: null }]);
  });
});

describe('files that are no exports of pages, or not whole, are refused with a sentence', () => {
  test.each([
    ['other.csv', 'a,b\n1,2\n', /first line has a column pfn, found a, b/],
    ['empty.csv', '', /found an empty file/],
    ['blank.csv', '\n', /column pfn, found/],
    [
      'short.csv',
      'pfn,type\n1,slab\n2\n',
      /as many cells as the first line has, found something else in line 3/,
    ],
    ['order.csv', 'pfn,type\n2,slab\n1,slab\n', /ascending pfns, each once, found 1 after 2/],
    ['twice.csv', 'pfn,type\n2,slab\n2,slab\n', /ascending pfns, each once, found 2 after 2/],
    [
      'huge.csv',
      'pfn,type\n99999999999999999999,slab\n',
      /ascending pfns, each once, found 1\d{20} after -1/,
    ],
    ['text.csv', 'pfn,type\nx,slab\n', /expected a pfn, found something else in line 2/],
    ['no.parquet', 'this is text\n', /a Parquet file of pages/],
    ['untyped.csv', 'pfn,refcount\n1,1\n', /has no column 'type'/],
  ])('%s', (name, content, message) => {
    writeFileSync(file(name), content);
    const { code, out, err } = structpage('diff', file(name), file(name));
    expect([code, out]).toEqual([expect.any(Number), '']);
    expect([2, 3]).toContain(code);
    expect(err).toMatch(message);
    expect(err).not.toContain('    at ');
  });

  test('Parquet whose rows another program has sorted otherwise', () => {
    const path = file('sorted.parquet');
    const columnData = [
      { name: 'pfn', data: [3n, 2n, 1n], type: 'INT64' as const },
      { name: 'type', data: ['slab', 'slab', 'slab'], type: 'STRING' as const },
    ];
    writeFileSync(path, new Uint8Array(parquetWriteBuffer({ columnData })));
    const { code, out, err } = structpage('diff', path, path);
    expect([code, out]).toEqual([3, '']);
    expect(err).toMatch(/ascending pfns, each once, found 2 after 3/);
  });

  test.each(['.csv.gz', '.parquet'])('%s that is cut off', (extension) => {
    const path = file(`cut${extension}`);
    expect(structpage('export', file('a.elf'), '-o', path).code).toBe(0);
    truncateSync(path, Math.floor(readFileSync(path).length * 0.7));
    const { code, out, err } = structpage('diff', path, path);
    expect([code, out]).toEqual([3, '']);
    expect(err).toMatch(/expected a (whole file|Parquet file of pages)/);
  });
});

describe('the command', () => {
  test('rows are what two dumps of rows differ in', () => {
    const rowsOf = (name: string): string[] =>
      structpage(
        'dump',
        file(name),
        '--format',
        'csv',
        '--columns',
        'pfn,type,mapping_kind,slab_cache',
      ).out.split('\n');
    const [before, after] = [rowsOf('a.elf'), rowsOf('b.elf')];
    const differing = before.flatMap((row, i) => (row === after[i] ? [] : [row.split(',')[0]]));
    const { out, code } = structpage('diff', file('a.elf'), file('b.elf'), '--rows', '--format', 'csv');
    const lines = out.trim().split('\n');
    expect(code).toBe(0);
    expect(lines[0]).toBe('pfn,before,after,owner_before,owner_after,changes');
    expect(lines.slice(1).map((line) => line.split(',')[0])).toEqual(differing);
    expect(lines[1]).toMatch(/^\d+,anon,slab,,dentry,1$/);
  });

  test('prints a report', () => {
    const { code, out, err } = structpage('diff', file('a.elf'), file('b.elf'), '--top', '3');
    expect(code).toBe(0);
    expect(err).toMatch(/compared by type: \S+a\.elf: the kernel's objects.*cannot be read/);
    expect(out).toMatch(/^one boot: the secret of the slab caches is the same$/m);
    expect(out).toMatch(/^ {2}anon +5553 +5253 +-300 +-1\.2 MiB$/m);
    expect(out).toMatch(/^ {2}dentry +\d+ +\d+ +\+300 +\+1\.2 MiB$/m);
    expect(out.split('\n\n').length).toBe(5);
    expect(out).toMatch(/leak suspects.*\n.*use +owner.*\n {2}slab +dentry .* 100 %/);
  });

  test.each([
    [['a.elf'], /needs two dumps or more/],
    [['a.elf', 'b.elf', '--by', 'class'], /cannot be compared by class/],
    [['a.elf', 'b.elf', '--rows', '--json'], /choose one of/],
  ])('%j is a usage error', (args, message) => {
    const ran = structpage('diff', ...args.map((a) => (a.endsWith('.elf') ? file(a) : a)));
    expect([ran.code, ran.out]).toEqual([2, '']);
    expect(ran.err).toMatch(message);
  });
});
