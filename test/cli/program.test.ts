import { expect, test } from 'vitest';
import { makeProgram } from '../../src/cli/program.ts';

const all = makeProgram({ code: 0 }, '0').commands;

test('a program for one command has that command as the whole program has it', () => {
  let alone = 0;
  for (const command of all) {
    const { commands } = makeProgram({ code: 0 }, '0', command.name());
    expect(commands.map((c) => c.name())).toContain(command.name());
    const found = commands.find((c) => c.name() === command.name())!;
    expect(found.helpInformation()).toBe(command.helpInformation());
    if (commands.length === 1) alone++;
  }
  expect(alone).toBeGreaterThan(25);
});

test.each(['', 'nosuch', '--help', undefined])('anything else gives all commands: %s', (only) => {
  expect(makeProgram({ code: 0 }, '0', only).commands).toHaveLength(all.length);
});
