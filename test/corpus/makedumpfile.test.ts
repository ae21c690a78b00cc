import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, copyFileSync, existsSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { structpage } from '../cli/run.ts';

/** A production dump as `makedumpfile -E` left it, and the program that makes every other form of it. */
const elf = join(process.env.STRUCTPAGE_CORPUS ?? '', 'x86_64-6.12.107-kdump', 'vmcore.filtered-elf-d31');
const missing = !existsSync(elf)
  ? 'the corpus is not here (STRUCTPAGE_CORPUS)'
  : spawnSync('makedumpfile', ['-v']).error && 'makedumpfile is not installed';
if (missing) console.info(`${missing}: the forms that makedumpfile writes are not compared`);

const dir = mkdtempSync(join(tmpdir(), 'structpage-test-'));
afterAll(() => rmSync(dir, { recursive: true }));
const at = (name: string): string => join(dir, name);

function make(name: string, ...options: string[]): string {
  execFileSync('makedumpfile', [...options, elf, at(name)], { stdio: 'ignore' });
  return at(name);
}

/** makedumpfile -F writes to standard output. */
function makeFlat(name: string, ...options: string[]): string {
  const fd = openSync(at(name), 'w');
  execFileSync('makedumpfile', [...options, '-F', elf], { stdio: ['ignore', fd, 'ignore'] });
  closeSync(fd);
  return at(name);
}

function split(names: string[], ...options: string[]): string[] {
  const paths = names.map(at);
  const how = ['--split', '--splitblock-size', '1024', ...options];
  execFileSync('makedumpfile', [...how, elf, ...paths], { stdio: 'ignore' });
  return paths;
}

/** The CSV of all columns, as a digest. */
function digest(...dumps: string[]): string {
  const csv = at('pages.csv');
  expect(structpage('export', ...dumps, '-o', csv)).toEqual({ code: 0, out: '', err: '' });
  const hash = createHash('sha256').update(execFileSync('cat', [csv], { maxBuffer: 2 ** 30 }));
  rmSync(csv);
  return hash.digest('hex');
}

describe.skipIf(missing)(
  'every form that makedumpfile writes gives the same CSV',
  { timeout: 120_000 },
  () => {
    let want = '';
    beforeAll(() => {
      want = digest(elf);
    });

    test.each([
      ['zlib', ['-c']],
      ['LZO', ['-l']],
      ['not compressed', []],
    ])('kdump, %s', (name, options) => {
      expect(digest(make(name.replace(' ', '-'), ...options))).toBe(want);
    });

    test('flattened ELF and flattened kdump, from a file and from a pipe', () => {
      expect(digest(makeFlat('flat-elf', '-E'))).toBe(want);
      const kdump = makeFlat('flat-kdump', '-c');
      expect(digest(kdump)).toBe(want);
      const script = 'cat "$1" | "$2" "$3" dump - --format csv';
      const main = join(import.meta.dirname, '../../dist/cli/main.js');
      const piped = execFileSync('sh', ['-c', script, 'sh', kdump, process.execPath, main], {
        maxBuffer: 2 ** 30,
      });
      expect(createHash('sha256').update(piped).digest('hex')).toBe(want);
    });

    test('split in two and in three: one part beside the others, or all of them in any order', () => {
      const [one, two] = split(['q1', 'q2'], '-l') as [string, string];
      expect(digest(two)).toBe(want);
      expect(digest(two, one)).toBe(want);
      const [a, b, c] = split(['p1', 'p2', 'p3'], '-c') as [string, string, string];
      expect(digest(c)).toBe(want);
      expect(digest(b, c, a)).toBe(want);
    });

    test('a part that is missing is missed', () => {
      const alone = mkdtempSync(join(tmpdir(), 'structpage-test-'));
      const parts = split(['r1', 'r2', 'r3'], '-c');
      for (const part of parts.slice(0, 2)) copyFileSync(part, join(alone, part.slice(-2)));
      const { code, out, err } = structpage('summary', join(alone, 'r1'));
      expect([code, out, err]).toEqual([code === 3 ? 3 : 1, out, err]);
      expect(err).toContain('part 3 of 3');
      rmSync(alone, { recursive: true });
    });
  },
);
