import type { Command } from 'commander';
import { UsageError } from '../index.ts';

/** Text for the end of a command's help. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}`;
}

/** structpage help: the help of a command or subcommand. */
export function helpCommand(program: Command): void {
  program
    .command('help')
    .summary('show help for a command')
    .argument('[command...]', "a command, e.g. dump or 'layout show'")
    .action((names: string[]) => {
      let command = program;
      for (const name of names) {
        const next = command.commands.find((c) => c.name() === name);
        if (!next) throw new UsageError(`there is no command '${name}'; there are ${listed(command)}`);
        command = next;
      }
      command.help();
    });
}

function listed(command: Command): string {
  return command.commands.map((c) => c.name()).join(', ') || 'no commands below it';
}
