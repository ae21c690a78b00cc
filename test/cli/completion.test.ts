import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { splitBashLine } from '../../src/cli/completion/bash-line.ts';
import { completionOf } from '../../src/cli/completion/candidates.ts';
import { makeProgram } from '../../src/cli/program.ts';
import { COLUMNS } from '../../src/index.ts';
import { MAIN, structpage } from './run.ts';

const program = makeProgram({ code: 0 }, '0');

/** The words that complete a line, as bash would ask for them. */
function words(line: string): string[] {
  const { words, current } = splitBashLine(line);
  return completionOf(program, words.slice(1), current).candidates.map(({ word }) => word);
}

describe('what can stand at the cursor', () => {
  test.each([
    ['structpage du', ['dump']],
    ['structpage layout ', ['list', 'show', 'extract', 'diff', 'check']],
    ['structpage help layout d', ['diff']],
    ['structpage completion ', ['bash', 'zsh', 'fish']],
    ['structpage table free_', ['free_blocks', 'free_lists']],
    ['structpage dump --wh', ['--where']],
    ['structpage dump --where x --wh', []],
    ['structpage dump --format ', ['table', 'csv', 'json', 'ndjson', 'parquet', 'arrow']],
    ['structpage dump --format=c', ['--format=csv']],
    ['structpage export --format ', ['csv', 'json', 'ndjson', 'parquet', 'arrow']],
    ['structpage owners --by call', ['call-site']],
    ['structpage export --compression z', ['zstd']],
    ['structpage dump --columns pfn,flags', ['pfn,flags_raw', 'pfn,flags']],
    ['structpage dump --columns +kpage', ['+kpageflags', '+kpagecount']],
    ['structpage dump --columns pfn,pf', []],
    ['structpage table zones vmcore --columns span', ['spanned']],
    ['structpage slab --columns obj', ['objects', 'object_size', 'object']],
    ["structpage dump --where 'zone == D", ['zone == DMA', 'zone == DMA32', 'zone == Device']],
    ["structpage dump --where 'flags has dir", ['flags has dirty']],
    ["structpage dump --where 'flags has all (dirty, wri", ['flags has all (dirty, writeback']],
    ['structpage dump --where "type in (slab, bu', ['type in (slab, buddy']],
    [
      "structpage dump --where 'state != o",
      ['state != ok', 'state != offline'].filter((w) => w.endsWith('ok')),
    ],
    ["structpage dump --where 'class == page_t", ['class == page_table']],
    ["structpage dump --where 'order >= 2 ", ['order >= 2 &&', 'order >= 2 ||']],
    ["structpage dump --where '!(kpagec", expect.arrayContaining(['!(kpagecount ==', '!(kpagecount <'])],
    [
      "structpage dump --where 'type == slab && sl",
      expect.arrayContaining(['type == slab && slab_cache ==']),
    ],
    ['structpage info -- --j', []],
    ['structpage no-such-command ', []],
    ['structpage dump --no-such=', []],
  ])('%s', (line, expected) => {
    expect(words(line)).toEqual(expected);
  });

  test('all columns, with their help', () => {
    const { candidates, isOpen } = completionOf(program, ['dump', '--columns'], '');
    expect(isOpen).toBe(true);
    // those of folios, and all of them, come after those of pages
    expect(candidates.slice(0, COLUMNS.length)).toEqual(
      COLUMNS.map(({ name, help }) => ({ word: name, about: help })),
    );
    expect(candidates.slice(COLUMNS.length)).toEqual([
      { word: 'deferred_split', about: expect.any(String) },
      { word: 'all', about: expect.any(String) },
    ]);
  });

  test.each([
    'structpage dump ',
    'structpage export -o ',
    'structpage info vmcore ',
    'structpage dump --layout ',
  ])('%s: names of files', (line) => {
    const { words, current } = splitBashLine(line);
    expect(completionOf(program, words.slice(1), current).files).toBe(true);
  });
});

test.each([
  [
    'structpage  dump a\\ b "c \\" d" e',
    { words: ['structpage', 'dump', 'a b', 'c " d'], current: 'e', kept: 0 },
  ],
  ["x --where 'type == s", { words: ['x', '--where'], current: 'type == s', kept: 0, isQuoted: true }],
  ['x --format=c', { words: ['x'], current: '--format=c', kept: 9, isQuoted: false }],
  ["x --where='ty", { words: ['x'], current: '--where=ty', kept: 8, isQuoted: true }],
  ['x ', { words: ['x'], current: '', kept: 0, isQuoted: false }],
])('bash reads %s', (line, typed) => {
  expect(splitBashLine(line)).toMatchObject(typed);
});

const dir = mkdtempSync(join(tmpdir(), 'structpage-completion-'));
const bin = join(dir, 'bin');
afterAll(() => rmSync(dir, { recursive: true }));

/** A command that completes like structpage, and prints its arguments, one a line. */
beforeAll(() => {
  mkdirSync(bin);
  mkdirSync(join(dir, 'home'));
  writeFileSync(
    join(bin, 'structpage'),
    `#!/bin/bash
case $1 in
  __complete | completion) exec '${process.execPath}' '${MAIN}' "$@" ;;
  *) printf '<%s>\\n' "$@" END ;;
esac
`,
  );
  chmodSync(join(bin, 'structpage'), 0o755);
  writeFileSync(join(dir, 'some-file.elf'), '');
});

const has = (name: string): boolean => spawnSync('which', [name]).status === 0;
const env = { PATH: `${bin}:${process.env.PATH}`, HOME: join(dir, 'home'), TERM: 'xterm', LC_ALL: 'C.UTF-8' };

/** What shells print beside text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
const CONTROLS = /\x1b\[[?\d;]*[A-Za-z]|\r/g;

/** Types text, with tabs, into a shell at a terminal; the arguments of the command that it ran. */
function typed(shell: string, setup: string, text: string): string[] {
  const ran = spawnSync('script', ['-qec', shell, '/dev/null'], {
    cwd: dir,
    env,
    encoding: 'utf8',
    input: `${setup}\n${text}\nexit\n`,
    timeout: 60_000,
  });
  const shown = ran.stdout.replace(CONTROLS, '').split('\n');
  const end = shown.lastIndexOf('<END>');
  const from = shown.slice(0, end).findLastIndex((line) => !/^<.*>$/.test(line)) + 1;
  expect(end, ran.stdout).toBeGreaterThan(0);
  return shown.slice(from, end).map((line) => line.slice(1, -1));
}

/** What is typed, and the arguments that the command gets. */
const TYPED: readonly (readonly [text: string, args: readonly string[]])[] = [
  ['structpage du\tso\t', ['dump', 'some-file.elf']],
  ['structpage sum\t--grou\tzon\t', ['summary', '--group-by', 'zone']],
  ["structpage dump --where 'type == sla\t", ['dump', '--where', 'type == slab']],
  ["structpage dump --where 'flags has dir\t", ['dump', '--where', 'flags has dirty']],
  ['structpage dump --columns pfn,mapping_k\t', ['dump', '--columns', 'pfn,mapping_kind']],
  ['structpage dump --format=cs\t', ['dump', '--format=csv']],
];
/** Closes the quotation that the shell may have left open. */
const ended = (text: string, closes: boolean): string => (!closes && text.includes("'") ? `${text}'` : text);

const hasScript = has('script');

describe.skipIf(!hasScript || !has('bash'))('at a terminal of bash', () => {
  const setup = 'PS1=; source <(structpage completion bash)';
  test.each(TYPED)('%j', { timeout: 60_000 }, (text, args) => {
    expect(typed('bash --norc --noprofile -i', setup, ended(text, true))).toEqual(args);
  });

  test('COMPREPLY has what the function was asked for', () => {
    const { stdout } = spawnSync(
      'bash',
      [
        '-c',
        `source <(structpage completion bash)
         COMP_LINE='structpage layout ' COMP_POINT=18 COMP_WORDS=(structpage layout '') COMP_CWORD=2
         _structpage structpage '' layout; printf '%s\\n' "\${COMPREPLY[@]}"; complete -p structpage`,
      ],
      { env, encoding: 'utf8' },
    );
    expect(stdout).toBe('list\nshow\nextract\ndiff\ncheck\ncomplete -F _structpage structpage\n');
  });
});

describe.skipIf(!hasScript || !has('zsh'))('at a terminal of zsh', () => {
  const setup = 'PS1=; autoload -Uz compinit; compinit -u -D; source <(structpage completion zsh)';
  test.each(TYPED)('%j', { timeout: 60_000 }, (text, args) => {
    expect(typed('zsh -f -i', setup, ended(text, false))).toEqual(args);
  });
});

describe.skipIf(!has('fish'))('fish', () => {
  test.each([
    ['structpage du', ['dump\tprint decoded struct pages']],
    ['structpage dump --columns pfn,mapping_k', [expect.stringMatching(/^pfn,mapping_kind\t/)]],
    ['structpage dump --format=cs', ['--format=csv']],
    ["structpage dump --where 'flags has dir", ['flags has dirty']],
    ['structpage dump some', [expect.stringMatching(/^some-file.elf/)]],
  ])('%s', { timeout: 60_000 }, (line, expected) => {
    const ran = spawnSync(
      'fish',
      ['--no-config', '-c', `structpage completion fish | source; complete -C ${JSON.stringify(line)}`],
      { cwd: dir, env, encoding: 'utf8' },
    );
    expect(ran.stdout.split('\n').filter((l) => l !== '')).toEqual(expected);
  });
});

test('scripts for other shells are refused', () => {
  expect(structpage('completion', 'tcsh').code).toBe(2);
  expect(structpage('help').out + structpage('help', 'nothing').err).not.toContain('__complete');
});
