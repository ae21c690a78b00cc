import type { Command, Option } from 'commander';
import { tablesOf } from './command-tables.ts';
import { examplesOf } from './help.ts';

/** A command as data. */
export interface CommandData {
  /** As it is typed after `structpage`; empty for structpage itself. */
  readonly command: string;
  readonly summary: string;
  readonly description: string;
  readonly usage: string;
  readonly arguments: readonly { readonly name: string; readonly help: string }[];
  readonly options: readonly OptionData[];
  readonly examples: readonly string[];
  /** Names of the tables that it prints. */
  readonly tables: readonly string[];
  readonly commands: readonly CommandData[];
}

/** An option as data. */
export interface OptionData {
  /** As in the help, e.g. `-o, --output <file>`. */
  readonly flags: string;
  readonly help: string;
  /** The only values that it takes. */
  readonly choices?: readonly string[];
  readonly default?: string;
}

/** The commands that do something, in the order of the help: a command with subcommands does nothing itself. */
export function commandsOf(command: Command): Command[] {
  if (command.commands.length === 0) return [command];
  return command.commands.flatMap((below) => (isHidden(below) ? [] : commandsOf(below)));
}

/** Whether the help leaves a command out. */
export function isHidden(command: Command): boolean {
  return (command as unknown as { readonly _hidden?: boolean })._hidden === true;
}

/** The name of a command with those above it, without `structpage`. */
export function pathOf(command: Command): string {
  if (!command.parent) return '';
  return `${pathOf(command.parent)} ${command.name()}`.trim();
}

/** Whether a command has an option of this long name. */
export function hasOption(command: Command, name: string): boolean {
  return command.options.some((option) => option.long === `--${name}`);
}

/** The options of a command in the order of its help, --help last. */
export function optionsOf(command: Command): readonly Option[] {
  return command.createHelp().visibleOptions(command);
}

/** A command, with all below it, as data. */
export function describeCommand(command: Command): CommandData {
  return {
    command: pathOf(command),
    summary: command.summary() || command.description(),
    description: command.description(),
    usage: command.createHelp().commandUsage(command),
    arguments: command.registeredArguments.map((argument) => ({
      name: argument.name(),
      help: argument.description,
    })),
    options: optionsOf(command).map(describeOption),
    examples: examplesOf(command),
    tables: tablesOf(command).map(({ name }) => name),
    commands: command.commands.filter((below) => !isHidden(below)).map(describeCommand),
  };
}

function describeOption({ flags, description, argChoices, defaultValue, negate }: Option): OptionData {
  return {
    flags,
    help: description,
    ...(argChoices ? { choices: argChoices } : {}),
    ...(defaultValue === undefined || negate ? {} : { default: String(defaultValue) }),
  };
}
