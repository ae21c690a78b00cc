import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { drawsBars } from '../../src/cli/output.ts';
import { hostileLayout, hostileSample } from '../builders/hostile.ts';
import { SAMPLE, shell, structpage } from './run.ts';

const dir = mkdtempSync(join(tmpdir(), 'structpage-terminal-'));
const dump = join(dir, 'evil\x1b[31m\u202e.elf');
const text = join(dir, 'text');
const layout = join(dir, 'layout.json');

/** What would act on a terminal: C0 but for line feed and tab, DEL, C1, and what turns text around. */
const ACTS = /[^\P{Cc}\n\t]|[\u2028\u2029\p{Bidi_Control}]/u;

beforeAll(() => {
  writeFileSync(dump, hostileSample());
  writeFileSync(layout, hostileLayout());
  writeFileSync(text, '\x1b]0;owned\x07{');
});
afterAll(() => rmSync(dir, { recursive: true }));

describe('nothing that a dump says acts on a terminal', () => {
  test.each([
    ['info'],
    ['info', '--json'],
    ['summary'],
    ['summary', '--json'],
    ['top', '--batch'],
    ['dump'],
    ['dump', '--columns', 'pfn,zone,flags,slab_cache,type'],
    ['dump', '--format', 'json'],
    ['dump', '--format', 'ndjson'],
    ['dump', '--where', 'zone == nowhere'],
    ['dump', '--where', 'flags has nothing'],
  ])('%s %s %s', (command, ...more) => {
    const { code, out, err } = structpage(command, dump, ...more, '--layout', layout);
    expect([0, 2]).toContain(code);
    expect(out + err).not.toBe('');
    expect(ACTS.exec(out + err)).toBeNull();
  });

  test.each([
    ['page', ['page', '--layout', layout, dump, 'pfn:5']],
    ['layout check', ['layout', 'check', '--layout', layout, dump]],
    ['layout show', ['layout', 'show', layout]],
  ])('%s', (_, args) => {
    const { code, out, err } = structpage(...args);
    expect([code, ACTS.exec(out + err)]).toEqual([0, null]);
  });

  test.each([
    ['a file that is none', ['info', '/no/such\x1b[31m\x9b\u202e']],
    ['a layout that is text', ['layout', 'diff', text, text]],
    ['an option', ['info', '--no\x1bsuch']],
    ['a command', ['in\x1b[31mfo']],
    ['an expression', ['dump', SAMPLE, '--where', 'pfn == \x1b[31m']],
    ['a socket', ['info', '--qmp', '/no/such\x1b[31m']],
    ['an output', ['export', SAMPLE, '-o', '/no/such\x1b[31m/a.csv']],
  ])('%s', (_, args) => {
    const { code, out, err } = structpage(...args);
    expect(err).toMatch(/\\x1b/);
    expect(ACTS.exec(out + err)).toBeNull();
    expect([2, 3, 4]).toContain(code);
  });

  test('a line of somebody else does not look like one of ours', () => {
    const { err } = structpage('info', '/no/such\nstructpage: all is well');
    expect(err.split('\n').filter((line) => line.startsWith('structpage:'))).toHaveLength(1);
  });

  // `script` gives the command a terminal
  test.skipIf(spawnSync('script', ['--version']).status !== 0)('nor CSV, where a terminal shows it', () => {
    const line = `exec structpage dump '${dump}' --format csv --columns pfn,flags,zone --limit 9000 --layout '${layout}' 2> /dev/null`;
    const file = join(dir, 'typescript');
    const shown = shell(
      `cat > ${dir}/run.sh <<'END'\n${line}\nEND\nscript -qec 'bash ${dir}/run.sh' ${file}`,
    );
    expect(shown.out).toContain('\\x1b[7m');
    expect(ACTS.exec(shown.out.replaceAll('\r\n', '\n'))).toBeNull();
  });
});

describe('data stay as they are', () => {
  test('CSV, in a file and in a pipe', () => {
    const file = join(dir, 'rows.csv');
    const rows = ['--columns', 'pfn,zone,flags', '--layout', layout];
    expect(structpage('export', dump, '-o', file, ...rows).code).toBe(0);
    const written = readFileSync(file, 'utf8');
    expect(written.includes(',\x1b[7m,') && written.includes('\x9b7m\x1b[31m')).toBe(true);
    expect(structpage('dump', dump, '--format', 'csv', ...rows).out === written).toBe(true);
  });

  test('JSON, by other characters', () => {
    const { out } = structpage('dump', dump, '--format', 'ndjson', '--columns', 'zone', '--layout', layout);
    const names = new Set(
      out
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { zone: string }).zone),
    );
    expect(names).toContain('\x1b[7m');
  });

  test('--safe CSV has no cell that a spreadsheet takes for a formula', () => {
    const file = join(dir, 'safe.csv');
    const columns = ['--layout', layout, '--columns', 'pfn,slab_cache,mapcount_raw,type'];
    expect(structpage('export', dump, '-o', file, ...columns).code).toBe(0);
    const plain = readFileSync(file, 'utf8');
    expect(structpage('export', dump, '-o', file, ...columns, '--safe').code).toBe(0);
    const safe = readFileSync(file, 'utf8');
    expect(plain).toMatch(/,=1\+cmd/);
    expect(safe).not.toMatch(/,"?[=+@]/);
    expect(safe).toMatch(/,-1,/);
    expect(safe).toBe(plain.replaceAll(/,("?)([=+@])/g, ",$1'$2"));
    expect(structpage('export', dump, '-o', file, ...columns, '--safe', '--delimiter', ';').code).toBe(0);
    expect(readFileSync(file, 'utf8')).toContain(";'=1+cmd");
  });
});

test('progress is drawn on terminals that people look at, and not on serial consoles', () => {
  const drawn = ['/dev/pts/3', '/dev/tty1', undefined].map((device) => drawsBars('xterm', device));
  expect(drawn).toEqual([true, true, true]);
  for (const device of ['/dev/ttyS0', '/dev/ttyAMA0', '/dev/hvc0', '/dev/console', '/dev/ttysclp0'])
    expect(drawsBars('linux', device), device).toBe(false);
  for (const term of ['', 'dumb', 'unknown']) expect(drawsBars(term, '/dev/pts/3'), term).toBe(false);
});
