import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { commandsOf, pathOf } from '../../src/cli/command-tree.ts';
import { examplesOf } from '../../src/cli/help.ts';
import { makeProgram } from '../../src/cli/program.ts';
import { onSample, shellLater } from './run.ts';

const dir = mkdtempSync(join(tmpdir(), 'structpage-help-'));
afterAll(() => rmSync(dir, { recursive: true }));

const program = makeProgram({ code: 0 }, '0');
const COMMANDS = [program, ...commandsOf(program)];

/** Examples that need no dump. */
const WITHOUT_DUMP =
  /^(?:source <\()?structpage (columns|completion bash\)|help|layout (list|show \d|diff)|table$)/;
/** The sample has no memory of processes, files and caches, and commands that need it say so. */
const LEFT_OUT = /this memory was filtered out of the dump/;

const lines = [...new Set(COMMANDS.flatMap((command) => examplesOf(command)))];

describe('examples in the help', () => {
  test.each(COMMANDS.map((command) => [`structpage ${pathOf(command)}`, command] as const))(
    '%s has some',
    (_, command) => {
      const examples = examplesOf(command);
      expect(examples.length).toBeGreaterThan(0);
      for (const line of examples) expect(line).toMatch(/^(sudo |source <\()?structpage\b/);
    },
  );

  const run = lines.flatMap((line) => {
    const command = WITHOUT_DUMP.test(line) ? line.replace(/ +#.*/, '') : onSample(line);
    return command === undefined ? [] : [[line, command] as const];
  });

  test.concurrent.each(run)('%s', async (_, command) => {
    const { code, err } = await shellLater(`${command} < /dev/null`, dir);
    if (code === 3) expect(err).toMatch(LEFT_OUT);
    else
      expect([code, err]).toEqual([
        0,
        expect.stringMatching(/^(structpage: [\d.]+ MiB of memory in .*\n)?$/),
      ]);
  });

  test('most can be run', () => {
    expect(run.length).toBeGreaterThan(0.6 * lines.length);
  });
});
