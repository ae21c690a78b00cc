import type { CommandData, OptionData } from '../command-tree.ts';
import { list, object, optional, type Shape, text } from './shape.ts';

const option: Shape<OptionData> = object<OptionData>({
  flags: text('As in the help, e.g. -o, --output <file>'),
  help: text(),
  choices: optional(list(text(), 'The only values that it takes')),
  default: optional(text()),
});

const itself: Shape<CommandData> = { schema: { $ref: '#/$defs/command' } };

const command: Shape<CommandData> = object<CommandData>({
  command: text('As it is typed after structpage; empty for structpage itself'),
  summary: text(),
  description: text(),
  usage: text(),
  arguments: list(object({ name: text(), help: text() })),
  options: list(option),
  examples: list(text()),
  tables: list(text(), 'Names of the tables that it prints'),
  commands: list(itself, 'The commands below it'),
});

/** structpage help --json */
export const commandTree: Shape<CommandData> = {
  schema: { $ref: '#/$defs/command', $defs: { command: command.schema } },
};
