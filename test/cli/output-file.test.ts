import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sampleBytes } from '../builders/hostile.ts';
import { MAIN, SAMPLE, shell, structpage } from './run.ts';

const dir = mkdtempSync(join(tmpdir(), 'structpage-output-'));
const FEW = ['--limit', '3', '--columns', 'pfn'];
let bytes: Buffer;

beforeAll(() => {
  bytes = sampleBytes();
});
afterAll(() => rmSync(dir, { recursive: true }));

describe('an output that is an input is refused, and stays as it is', () => {
  const dump = join(dir, 'dump.elf');
  const names = { itself: dump, 'a symbolic link': join(dir, 'soft'), 'a hard link': join(dir, 'hard') };
  beforeEach(() => {
    rmSync(names['a hard link'], { force: true });
    rmSync(names['a symbolic link'], { force: true });
    writeFileSync(dump, bytes);
    symlinkSync(dump, names['a symbolic link']);
    linkSync(dump, names['a hard link']);
  });

  test.each(Object.entries(names))('export over %s', (_, output) => {
    const { code, err } = structpage('export', dump, '-o', output, '--format', 'csv');
    expect([code, err]).toEqual([
      2,
      expect.stringContaining(`the output ${output} is also an input (${dump})`),
    ]);
    expect(readFileSync(dump).equals(bytes)).toBe(true);
  });

  test.each(Object.entries(names))('capture over %s', (_, output) => {
    expect(structpage('capture', dump, '-o', output).code).toBe(2);
    expect(readFileSync(dump).equals(bytes)).toBe(true);
  });

  test('another way to the same folder', () => {
    const other = join(dir, 'other');
    if (!existsSync(other)) symlinkSync(dir, other);
    expect(structpage('export', dump, '-o', join(other, 'dump.elf'), '--format', 'csv').code).toBe(2);
    expect(readFileSync(dump).equals(bytes)).toBe(true);
  });

  test('standard input', () => {
    expect(shell(`structpage export - -o ${dump} --format csv < ${dump}`).code).toBe(2);
    expect(readFileSync(dump).equals(bytes)).toBe(true);
  });

  test('a compressed dump, the second of two files, and the file of --layout', () => {
    const packed = join(dir, 'packed.gz');
    copyFileSync(SAMPLE, packed);
    const layout = join(dir, 'layout.json');
    writeFileSync(layout, '{}');
    for (const args of [
      ['export', packed, '-o', packed, '--format', 'csv'],
      ['export', dump, packed, '-o', packed, '--format', 'csv'],
      ['export', dump, '--layout', layout, '-o', layout],
    ]) {
      expect(structpage(...args).code).toBe(2);
    }
    expect(readFileSync(packed).equals(readFileSync(SAMPLE))).toBe(true);
    expect(readFileSync(layout, 'utf8')).toBe('{}');
  });

  test('the file that a layout is extracted from', () => {
    const btf = join(dir, 'btf');
    const raw = bytes.subarray(bytes.indexOf(Buffer.from([0x9f, 0xeb, 1, 0])));
    writeFileSync(btf, raw);
    const before = readFileSync(btf);
    const args = ['--release', 'x', '--build-id', '0123456789'];
    expect(structpage('layout', 'extract', btf, '-o', btf, ...args).code).toBe(2);
    expect(readFileSync(btf).equals(before)).toBe(true);
  });

  test('memory that was found beside its description', () => {
    const memory = join(dir, 'guest.vmem');
    writeFileSync(memory, Buffer.alloc(2 ** 20));
    const { code, err } = structpage('export', memory, '-o', memory, '--format', 'csv');
    expect([code, err]).toEqual([2, expect.stringContaining('also an input')]);
  });
});

describe('a file that is replaced', () => {
  const file = join(dir, 'replaced.csv');

  test.each([0o600, 0o640, 0o604, 0o777])('keeps its mode', (mode) => {
    writeFileSync(file, 'old');
    chmodSync(file, mode);
    expect(structpage('export', SAMPLE, '-o', file, ...FEW).code).toBe(0);
    expect([statSync(file).mode & 0o777, readFileSync(file, 'utf8')]).toEqual([mode, 'pfn\n0\n1\n2\n']);
  });

  test.skipIf(process.getuid?.() !== 0)('keeps its owner', () => {
    writeFileSync(file, 'old');
    chownSync(file, 65534, 12345);
    chmodSync(file, 0o640);
    expect(structpage('export', SAMPLE, '-o', file, ...FEW).code).toBe(0);
    const { uid, gid, mode } = statSync(file);
    expect([uid, gid, mode & 0o777]).toEqual([65534, 12345, 0o640]);
  });

  test('is new with the mode that the umask allows', () => {
    const fresh = join(dir, 'fresh.csv');
    expect(shell(`umask 027; structpage export ${SAMPLE} -o ${fresh} ${FEW.join(' ')}`).code).toBe(0);
    expect(statSync(fresh).mode & 0o777).toBe(0o640);
  });

  test('may have the longest of all names', () => {
    const long = join(dir, `${'ä'.repeat(125)}.csv`);
    expect(structpage('export', SAMPLE, '-o', long, ...FEW).code).toBe(0);
    expect(readFileSync(long, 'utf8')).toBe('pfn\n0\n1\n2\n');
  });
});

test('a temporary name that is taken, or a link, is left alone and another one is used', () => {
  const folder = join(dir, 'taken');
  mkdirSync(folder);
  const victim = join(dir, 'victim');
  writeFileSync(victim, 'mine');
  // the shell becomes the command, so that its process id is known before
  const line = `cd ${folder}; ln -s ${victim} .a.csv.$$.tmp; touch .a.csv.$$-1.tmp; exec structpage export ${SAMPLE} -o a.csv ${FEW.join(' ')}`;
  const { code, err } = shell(line);
  expect([code, err]).toEqual([0, '']);
  expect(readFileSync(join(folder, 'a.csv'), 'utf8')).toBe('pfn\n0\n1\n2\n');
  expect([readFileSync(victim, 'utf8'), readdirSync(folder).length]).toEqual(['mine', 3]);
});

describe('a signal leaves nothing behind', () => {
  test.each([
    ['SIGHUP', 129],
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s', async (signal, code) => {
    const folder = mkdtempSync(join(dir, 'signal-'));
    const child = spawn(
      process.execPath,
      [MAIN, 'export', SAMPLE, '-o', join(folder, 'a.json'), '--jobs', '1'],
      {
        env: { ...process.env, XDG_CACHE_HOME: '/dev/null/cache' },
      },
    );
    const ended = once(child, 'exit');
    while (readdirSync(folder).length === 0 && child.exitCode === null) await sleep(1);
    child.kill(signal);
    expect(await ended).toEqual([code, null]);
    expect(readdirSync(folder)).toEqual([]);
  });
});
