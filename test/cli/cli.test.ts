import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  ftruncateSync,
  lstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openFile } from '../../src/sources/file-source.ts';
import { openImage } from '../../src/sources/open-image.ts';
import { SAMPLE, shell, structpage } from './run.ts';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'structpage-test-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

describe('rows', () => {
  test('a table says at the first glance what a page is', () => {
    const { code, out } = structpage('dump', SAMPLE, '--pfn', '4158-4160,13312');
    expect(code).toBe(0);
    expect(out.split('\n')).toEqual([
      '  pfn               page refcount mapcount type order node zone  mapping_kind slab_cache  flags',
      ' 4158 0xffe490aa00040f80        1          slab     1    0 DMA32 none         kmalloc-512 head',
      ' 4159 0xffe490aa00040fc0        0        0 slab     1    0 DMA32 none         kmalloc-512',
      ' 4160 0xffe490aa00041000        1          slab     2    0 DMA32 none         kmalloc-1k  head',
      '13312 0xffe490aa000d0000        4        4          9    0 DMA32 anon                     uptodate|lru|head|swapbacked',
      '',
    ]);
  });

  test('CSV, JSON and NDJSON hold the same values, words as text', () => {
    const args = ['dump', SAMPLE, '--pfn', '13310-13320', '--columns', 'pfn,flags_raw,mapcount,type,flags'];
    const csv = structpage(...args, '--format', 'csv')
      .out.trimEnd()
      .split('\n')
      .slice(1);
    const ndjson = structpage(...args, '--format', 'ndjson')
      .out.trimEnd()
      .split('\n')
      .map((l) => JSON.parse(l));
    const json = JSON.parse(structpage(...args, '--format', 'json').out);
    expect(json).toEqual(ndjson);
    expect(
      ndjson.map((o) =>
        Object.values(o)
          .map((v) => v ?? '')
          .join(','),
      ),
    ).toEqual(csv);
    expect(ndjson[2].flags_raw).toBe('0xfffffe0020068');
  });

  test('a selection finds the rows that a filter over everything finds', () => {
    const all = structpage('dump', SAMPLE, '--format', 'csv', '--columns', 'pfn,type,order')
      .out.trimEnd()
      .split('\n')
      .slice(1);
    const some = structpage(
      'dump',
      SAMPLE,
      '--format',
      'csv',
      '--columns',
      'pfn,type,order',
      '--where',
      'type == slab && order >= 2',
    );
    const want = all.filter((l) => l.split(',')[1] === 'slab' && Number(l.split(',')[2]) >= 2);
    expect(want.length).toBeGreaterThan(100);
    expect(some.out.trimEnd().split('\n').slice(1)).toEqual(want);
  });

  test('ranges and columns can be given one after the other', () => {
    const args = ['--pfn', '7', '--pfn', '1-2,5', '--columns', 'pfn', '--columns', 'refcount'];
    expect(structpage('dump', SAMPLE, '--format', 'csv', ...args).out).toBe(
      'pfn,refcount\n1,1\n2,1\n5,1\n7,1\n',
    );
  });

  test('| head ends quietly', () => {
    const { out, err } = shell(`structpage dump ${SAMPLE} --format csv | head -n 2 | wc -l`);
    expect(out.trim()).toBe('2');
    expect(err).toBe('');
  });
});

describe('one memory, several files', () => {
  test('a raw image and a capture of a capture give byte-equal CSV', async () => {
    const image = await openImage(openFile(SAMPLE));
    const raw = join(dir, 'raw.img');
    const fd = openSync(raw, 'w');
    for (const run of image.memory.runs) {
      if (run.state !== 'present') continue;
      const bytes = new Uint8Array(run.end - run.start);
      image.memory.readInto(run.start, bytes);
      ftruncateSync(fd, run.end);
      writeSync(fd, bytes, 0, bytes.length, run.start);
    }
    closeSync(fd);
    image.close();
    const again = join(dir, 'again.elf');
    expect(structpage('capture', SAMPLE, '-o', again).code).toBe(0);
    const csv = (file: string): string => {
      const out = join(dir, 'pages.csv');
      const ran = structpage('export', file, '-o', out);
      expect(ran).toEqual({ code: 0, out: '', err: '' });
      return readFileSync(out, 'utf8');
    };
    const want = csv(SAMPLE);
    expect(want.split('\n').length).toBe(65538);
    expect(csv(raw) === want).toBe(true);
    expect(csv(again) === want).toBe(true);
  });
});

describe('a wrong layout is refused before the first row', () => {
  const layout = (name: string): string =>
    readFileSync(new URL(`../../layouts/x86_64/${name}`, import.meta.url), 'utf8');
  const fixture = fileURLToPath(new URL('../fixtures/x86_64-7.2.13-cloud.elf.gz', import.meta.url));

  test('_refcount moved', () => {
    const file = join(dir, 'moved.json');
    writeFileSync(
      file,
      layout('7.2.13+deb14-cloud-amd64.json').replace(
        '"_refcount": { "offset": 52',
        '"_refcount": { "offset": 44',
      ),
    );
    const { code, out, err } = structpage('dump', fixture, '--layout', file);
    expect([code, out]).toEqual([4, '']);
    expect(err).toContain(`VMCOREINFO says OFFSET(page._refcount)=52, ${file} says 44`);
  });

  test('flag numbering of 5.10 on 7.2', () => {
    const file = join(dir, 'flags.json');
    const wrong = layout('7.2.13+deb14-cloud-amd64.json')
      .replace('"PG_dirty": 4', '"PG_lru": 4')
      .replace('"PG_lru": 5', '"PG_dirty": 5');
    writeFileSync(file, wrong);
    const { code, out, err } = structpage('dump', fixture, '--layout', file);
    expect([code, out]).toEqual([4, '']);
    expect(err).toContain('VMCOREINFO says NUMBER(PG_lru)=5, the layout says 4');
  });

  test('a whole layout of 5.10 on 7.2', () => {
    const old = fileURLToPath(new URL('../../layouts/x86_64/5.10.0-32-amd64.json', import.meta.url));
    const { code, out, err } = structpage('dump', fixture, '--layout', old);
    expect([code, out]).toEqual([4, '']);
    expect(err).toContain(`VMCOREINFO says OFFSET(uts_namespace.name)=0, ${old} says 4`);
  });
});

describe('what cannot be done is said in a sentence', () => {
  test.each<[string, string[], number, string]>([
    ['no such file', ['dump', '/no/such/file'], 3, 'no such file'],
    ['a directory', ['dump', '/'], 3, 'a directory'],
    ['a text file', ['dump', fileURLToPath(import.meta.url)], 3, 'a text file'],
    ['no such column', ['dump', SAMPLE, '--columns', 'pfn,colour'], 2, "there is no column 'colour'"],
    ['no such flag', ['dump', SAMPLE, '--where', 'flags has wet'], 2, "no flag 'wet'"],
    ['half an expression', ['dump', SAMPLE, '--where', 'type =='], 2, 'found the end'],
    ['a range that ends before it begins', ['dump', SAMPLE, '--pfn', '9-3'], 2, 'not a range of pfns'],
    ['two expressions', ['dump', SAMPLE, '--where', 'pfn == 1', '--where', 'pfn == 2'], 2, 'only one'],
    ['no such format', ['dump', SAMPLE, '--format', 'xls'], 2, "no format 'xls'"],
    ['a type that there is not', ['dump', SAMPLE, '--where', 'type == anon'], 2, 'mapping_kind == anon'],
    ['a delimiter of two', ['export', SAMPLE, '-o', 'a.csv', '--delimiter', 'ab'], 2, 'one character'],
    ['no delimiter', ['export', SAMPLE, '-o', 'a.csv', '--delimiter', ''], 2, 'one character'],
    ['a quote as delimiter', ['export', SAMPLE, '-o', 'a.csv', '--delimiter', '"'], 2, 'quotation mark'],
    [
      'a delimiter for JSON',
      ['export', SAMPLE, '-o', 'a.json', '--delimiter', ';'],
      2,
      'is an option of csv',
    ],
    [
      'no header for JSON',
      ['export', SAMPLE, '-o', 'a.ndjson', '--no-header'],
      2,
      'is an option of table and csv',
    ],
    ['an extension that tells nothing', ['export', SAMPLE, '-o', 'pages.xls'], 2, '--format'],
    ['an address without its kind', ['page', SAMPLE, '0x1000'], 2, 'say which'],
    ['an address that is no physical one', ['page', SAMPLE, 'phys:0x620000000000'], 3, 'has no struct page'],
    ['an address that nothing maps', ['translate', SAMPLE, '0x620000000000'], 3, 'no page table maps it'],
    ['an unknown command', ['frobnicate'], 2, "structpage: unknown command 'frobnicate'"],
    ['help for an unknown command', ['help', 'nosuch'], 2, "structpage: there is no command 'nosuch'"],
    [
      'help for an unknown layout command',
      ['help', 'layout', 'nosuch'],
      2,
      "there is no command 'nosuch'; there are list,",
    ],
    ['an unknown option', ['dump', '--nosuch'], 2, "structpage: unknown option '--nosuch'"],
  ])('%s', (_, args, code, words) => {
    const ran = structpage(...args);
    expect(ran.code).toBe(code);
    expect(ran.err).toContain(words);
    expect(ran.err).not.toMatch(/\n +at /);
  });

  test('a socket', async () => {
    const path = join(dir, 'socket');
    const server = createServer().listen(path);
    await once(server, 'listening');
    const { code, err } = structpage('info', path);
    server.close();
    expect([code, err]).toEqual([3, expect.stringContaining('found a socket')]);
  });

  test('an empty file', () => {
    const file = join(dir, 'empty');
    writeFileSync(file, '');
    expect(structpage('info', file)).toMatchObject({
      code: 3,
      err: expect.stringContaining('an empty file'),
    });
  });
});

describe('what is no regular file is written to as it is', () => {
  const rows = ['export', SAMPLE, '--pfn', '4145-4164', '--columns', 'pfn,refcount', '--format', 'csv', '-o'];

  test('standard output', () => {
    const file = join(dir, 'few.csv');
    structpage(...rows, file);
    expect(structpage(...rows, '-')).toEqual({ code: 0, out: readFileSync(file, 'utf8'), err: '' });
  });

  test('a pipe, even if its reader goes', () => {
    const pipe = join(dir, 'pipe');
    const ran = shell(
      `mkfifo ${pipe}; head -n 1 ${pipe} & structpage ${rows.join(' ')} ${pipe}; echo $?; wait`,
    );
    expect(ran.out.split('\n').sort().join(' ').trim()).toBe('0 pfn,refcount');
    expect([ran.err, statSync(pipe).isFIFO()]).toEqual(['', true]);
  });

  test('a device', () => {
    const { code, err } = structpage(...rows, '/dev/full');
    expect([code, err]).toEqual([3, 'structpage: cannot write /dev/full: the disk is full\n']);
    expect(statSync('/dev/full').isCharacterDevice()).toBe(true);
  });
});

describe('what does not fit where it is written to is said', () => {
  test.each(['summary', 'dump', 'info', 'export -o - --format json'])('%s', (command) => {
    const { code, err } = shell(`structpage ${command} ${SAMPLE} > /dev/full`);
    expect([code, err]).toEqual([3, 'structpage: cannot write standard output: the disk is full\n']);
  });

  test('even if a part of it fits', () => {
    const file = join(dir, 'part');
    const { code, err } = shell(`ulimit -f 1; structpage summary ${SAMPLE} > ${file}`);
    expect([code, err, statSync(file).size]).toEqual([
      3,
      'structpage: cannot write standard output: the file size limit is exceeded\n',
      1024,
    ]);
  });
});

describe('a dump that comes by a pipe, and no room for it', () => {
  const line = `cat ${SAMPLE} | structpage info -`;

  test('without a directory for temporary files', () => {
    const { code, err } = shell(`export TMPDIR=/no/such; ${line}`);
    expect([code, err]).toEqual([
      3,
      'structpage: /no/such: expected a directory for temporary files, found no such directory. Set TMPDIR to one that can be written to\n',
    ]);
  });

  test('with a limit on the size of files', () => {
    const { code, err } = shell(`ulimit -f 1024; export TMPDIR=${dir}; ${line}`);
    expect(code).toBe(3);
    expect(err).toContain('found that the file would be larger than is allowed after 1048576 bytes');
  });
});

test('a link to a file stays a link, and the file is replaced', () => {
  const [file, link] = [join(dir, 'linked.csv'), join(dir, 'LINK.CSV')];
  writeFileSync(file, 'old');
  symlinkSync('linked.csv', link);
  expect(structpage('export', SAMPLE, '--limit', '1', '--columns', 'pfn', '-o', link).code).toBe(0);
  expect([lstatSync(link).isSymbolicLink(), readFileSync(file, 'utf8')]).toEqual([true, 'pfn\n0\n']);
});

test('an interrupted export leaves no file, whole or half', async () => {
  const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
  const child = spawn(process.execPath, [main, 'export', SAMPLE, '-o', join(dir, 'cut.csv')]);
  const ended = once(child, 'exit');
  const deadline = Date.now() + 5000;
  while (!readdirSync(dir).some((n) => n.includes('cut.csv')) && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  child.kill('SIGINT');
  await ended;
  const left = readdirSync(dir).filter((n) => n.includes('cut.csv'));
  // it may have been done before the signal came; then the file is whole
  if (left.length > 0) {
    expect(left).toEqual(['cut.csv']);
    expect(readFileSync(join(dir, 'cut.csv'), 'utf8').split('\n').length).toBe(65538);
  }
});

test('verify tells how many pages a record that was cut off says nothing of', () => {
  const fixture = fileURLToPath(new URL('../fixtures/x86_64-hvo-7.3', import.meta.url));
  const record = join(dir, 'kpageflags');
  writeFileSync(record, gunzipSync(readFileSync(`${fixture}.kpageflags.gz`)).subarray(0, 8000));
  const { code, out, err } = structpage('verify', `${fixture}.elf.gz`, '--kpageflags', record);
  expect([code, out]).toEqual([0, 'flags equal   1000 of 1000 (100.0000 %)\n']);
  expect(err).toMatch(
    /\d{5} pages were not compared: the copies of the kernel's files end before pfn 1000\n$/,
  );
});

test('info tells where each fact came from', () => {
  const { code, out } = structpage('info', SAMPLE);
  expect(code).toBe(0);
  expect(out).toMatch(/release +6\.12\.107\+deb13-cloud-amd64 +\[VMCOREINFO note\]/);
  expect(out).toMatch(/paging +5-level/);
  expect(out).toMatch(/readable +65536/);
});
