import type { Command } from 'commander';
import { tableDefinition } from '../../index.ts';
import { addExamples } from '../help.ts';
import { type Outcome, withImage } from '../open.ts';
import { addCache, addImage, DUMP_HELP, type ImageOptions } from '../options.ts';
import { addTable, printTable, type TableOptions } from '../print-table.ts';

/** Commands that print a table of the kernel's objects. */
const COMMANDS = [
  {
    name: 'ps',
    table: 'tasks',
    summary: 'list the processes',
    description: 'Lists every process, including kernel threads and processes that have exited.',
    shown: [
      'structpage ps vmcore',
      "structpage ps vmcore --where 'kind == process' --columns pid,comm,memcg",
    ],
  },
  {
    name: 'mounts',
    table: 'mounts',
    summary: 'list the mounted filesystems',
    description: "Lists the mounts of all namespaces, and the kernel's own.",
    shown: ['structpage mounts vmcore', "structpage mounts vmcore --where 'namespace == initial'"],
  },
] as const;

/** structpage ps, structpage mounts. */
export function objectCommands(program: Command, outcome: Outcome): void {
  for (const { name, table, summary, description, shown } of COMMANDS) {
    const command = program
      .command(name)
      .summary(summary)
      .description(description)
      .argument('[dump...]', DUMP_HELP);
    addExamples(command, ...shown);
    addCache(addImage(addTable(command, () => [tableDefinition(table)]))).action(
      async (dumps: string[], options: TableOptions & ImageOptions) => {
        await withImage(dumps, options, (inspector) =>
          printTable(inspector, tableDefinition(table), options, outcome),
        );
      },
    );
  }
}
