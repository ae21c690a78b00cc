import type { Command } from 'commander';
import { UsageError } from '../../index.ts';
import { describeCommand, isHidden } from '../command-tree.ts';
import { addExamples } from '../help.ts';
import { addJson } from '../options.ts';
import { printJson } from '../output.ts';

/** structpage help: the help of a command or subcommand. */
export function helpCommand(program: Command): void {
  const command = program
    .command('help')
    .summary('show help for a command')
    .description('Shows the help of a command, or lists the commands.')
    .argument('[command...]', "a command, e.g. dump or 'layout show'")
    .action(async (names: string[], { json }: { json?: boolean }) => {
      const asked = commandNamed(program, names);
      if (json) await printJson(describeCommand(asked));
      else asked.help();
    });
  addJson(command);
  addExamples(command, 'structpage help dump', 'structpage help layout show', 'structpage help --json');
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
  const names = command.commands.filter((c) => !isHidden(c)).map((c) => c.name());
  return names.join(', ') || 'no commands below it';
}
