import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { onSample, shell } from './run.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const DOCS = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];
const dir = mkdtempSync(join(tmpdir(), 'structpage-docs-'));
afterAll(() => rmSync(dir, { recursive: true }));

interface Block {
  readonly file: string;
  readonly language: string;
  readonly lines: readonly string[];
}

const blocks: Block[] = DOCS.flatMap((file) =>
  [...readFileSync(join(ROOT, file), 'utf8').matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(
    ([, language, text]) => ({ file, language: language!, lines: text!.trimEnd().split('\n') }),
  ),
);

/** The command of a line of the documentation on the sample. */
const runnable = (line: string): string | undefined => onSample(line.replace(/^npx /, ''));

/** A column more or less changes how wide labels are, not what is said. */
const narrow = (text: string): string => text.replace(/ {2,}/g, '  ');

/** Documents with commands that need a whole dump. The sample is a capture, for which these commands say so. */
const OF_WHOLE_DUMPS: readonly string[] = ['README.md', 'docs/classes.md', 'docs/fleet.md', 'docs/owners.md'];

const shown = blocks
  .filter((b) => b.language === 'console')
  .map(({ file, lines: [first, ...rest] }) => ({ file, line: first!.replace(/^\$ /, ''), output: rest }));
const listed = blocks
  .filter((b) => b.language === 'sh')
  .flatMap(({ file, lines }) => lines.map((line) => ({ file, line })))
  .filter(({ line }) => runnable(line) !== undefined);

describe('output in the documentation is what the command prints', () => {
  test.each(shown)('$file: $line', ({ line, output }) => {
    const ran = shell(runnable(line)!, dir);
    expect([ran.code, ran.err]).toEqual([0, '']);
    // `...` stands for any lines
    let rest = narrow(`\n${ran.out}`);
    for (const [i, part] of output
      .join('\n')
      .split(/^\.\.\.$/m)
      .entries()) {
      const want = narrow(`\n${part.replace(/^\n|\n$/g, '')}\n`);
      if (want.trim() === '') continue;
      const at = rest.indexOf(want);
      expect(at >= 0 && (i > 0 || at === 0), `${want}\nis not in\n${rest}`).toBe(true);
      rest = rest.slice(at + want.length - 1);
    }
    if (output.at(-1) !== '...') expect(rest).toBe('\n');
  });
});

describe('commands in the documentation work', () => {
  test.each(listed)('$file: $line', ({ file, line }) => {
    const { code, err } = shell(runnable(line)!, dir);
    if (OF_WHOLE_DUMPS.includes(file) && code === 3) {
      expect(err).toContain('this memory was filtered out of the dump');
      return;
    }
    expect([code, err.replace(/^structpage: [\d.]+ [KM]iB of memory in .*\n/, '')]).toEqual([0, '']);
  });

  test('there are some', () => {
    expect(shown.length).toBeGreaterThan(8);
    expect(listed.length).toBeGreaterThan(10);
  });
});

test('links in the documentation lead to files', () => {
  for (const file of DOCS) {
    const text = readFileSync(join(ROOT, file), 'utf8');
    for (const [, to] of text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
      const path = relative(ROOT, join(ROOT, file, '..', to!));
      expect(readdirSync(join(ROOT, path, '..')), `${file} links to ${to}`).toContain(path.split('/').at(-1));
    }
  }
});

test('README is short', () => {
  expect(readFileSync(join(ROOT, 'README.md'), 'utf8').split('\n').length).toBeLessThanOrEqual(140);
});
