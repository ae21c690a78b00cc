import type { Command } from 'commander';
import { UsageError } from '../index.ts';

const EXAMPLES = new WeakMap<Command, readonly string[]>();

/** Adds examples to the end of a command's help. `vmcore` stands for a dump. */
export function addExamples(command: Command, ...lines: readonly string[]): Command {
  EXAMPLES.set(command, lines);
  return command.addHelpText('after', examples(...lines));
}

/** The examples of a command. */
export function examplesOf(command: Command): readonly string[] {
  return EXAMPLES.get(command) ?? [];
}

/** Text for the end of a command's help. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}`;
}

/** structpage help: the help of a command or subcommand. */
export function helpCommand(program: Command): void {
  const command = program
    .command('help')
    .summary('show help for a command')
    .description('Shows the help of a command, or lists the commands.')
    .argument('[command...]', "a command, e.g. dump or 'layout show'")
    .action((names: string[]) => commandNamed(program, names).help());
  addExamples(command, 'structpage help dump', 'structpage help layout show');
}

/** Finds a command by its name and those of its subcommands. Throws UsageError with the known names. */
function commandNamed(program: Command, names: readonly string[]): Command {
  let command = program;
  for (const name of names) {
    const next = command.commands.find((c) => c.name() === name);
    if (!next) throw new UsageError(`there is no command '${name}'; there are ${listed(command)}`);
    command = next;
  }
  return command;
}

function listed(command: Command): string {
  return command.commands.map((c) => c.name()).join(', ') || 'no commands below it';
}
