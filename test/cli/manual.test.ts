import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { commandsOf, optionsOf, pathOf } from '../../src/cli/command-tree.ts';
import { plain } from '../../src/cli/manual/roff.ts';
import { makeProgram } from '../../src/cli/program.ts';
import { COLUMNS } from '../../src/index.ts';

const PAGE = fileURLToPath(new URL('../../man/structpage.1', import.meta.url));
const text = readFileSync(PAGE, 'utf8');
const commands = commandsOf(makeProgram({ code: 0 }, '0'));

/** A program of this machine, if it has it. */
const has = (name: string): boolean =>
  spawnSync(name, ['--version']).error === undefined || existsSync(`/usr/bin/${name}`);

describe('the manual page', () => {
  test('has the sections that man-pages(7) names, in its order', () => {
    expect([...text.matchAll(/^\.SH "?(.*?)"?$/gm)].map((m) => m[1])).toEqual([
      'NAME',
      'SYNOPSIS',
      'DESCRIPTION',
      'COMMANDS',
      'OPTIONS',
      'COLUMNS',
      'EXIT STATUS',
      'ENVIRONMENT',
      'FILES',
      'EXAMPLES',
      'SEE ALSO',
    ]);
  });

  test('has every command, option and column', () => {
    const sections = [...text.matchAll(/^\.SS "(.*)"$/gm)].map((m) => m[1]!);
    for (const command of commands) {
      const path = plain(pathOf(command));
      expect(
        sections.some((s) => s === `structpage ${path}` || s.startsWith(`structpage ${path} `)),
        path,
      ).toBe(true);
      for (const { long } of optionsOf(command)) expect(text).toContain(`\\fB${plain(long!)}\\fR`);
    }
    for (const { name } of COLUMNS) expect(text).toContain(`.TP\n\\fB${name}\\fR\n`);
  });

  test('is the one that the package names', () => {
    const own = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(own.man).toEqual(['man/structpage.1']);
    expect(own.files).toContain('man');
  });

  test.skipIf(!has('man'))('man has no warning about it', () => {
    const ran = spawnSync('man', ['--warnings', '-l', PAGE], {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C.UTF-8', MANWIDTH: '80', MANPAGER: 'cat' },
    });
    expect([ran.status, ran.stderr]).toEqual([0, '']);
    expect(ran.stdout).toContain("structpage dump vmcore --where 'type == slab' --limit 20");
    expect(ran.stdout).not.toMatch(/\\[(f]/);
  });

  test.skipIf(!has('mandoc'))('mandoc has nothing to say about it but for the length of lines', () => {
    const { stdout } = spawnSync('mandoc', ['-T', 'lint', PAGE], { encoding: 'utf8' });
    expect(stdout.split('\n').filter((line) => line !== '' && !line.includes('longer than 80'))).toEqual([]);
  });
});

test('text in roff is neither a request nor an escape', () => {
  expect(plain(".so \\n[x] 'a' -b ~`^")).toBe('\\&.so \\(rsn[x] \\(aqa\\(aq \\-b \\(ti\\(ga\\(ha');
});
