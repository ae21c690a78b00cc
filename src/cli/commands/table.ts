import type { Command } from 'commander';
import { TABLES, type TableDefinition, tableDefinition } from '../../index.ts';
import { addExamples } from '../help.ts';
import { type Outcome, withImage } from '../open.ts';
import { addCache, addImage, DUMP_HELP, type ImageOptions } from '../options.ts';
import { labelled, printJson, stdout } from '../output.ts';
import { addTable, printTable, type TableOptions } from '../print-table.ts';
import type { TableData } from '../schemas/files.ts';

/** structpage table: any table except that of the pages. */
export function tableCommand(program: Command, outcome: Outcome): void {
  const command = program
    .command('table')
    .summary('print a table of zones, memory sections, ...')
    .description('Prints a table to standard output. Without a name, lists the tables.')
    .argument('[name]', `the table: ${TABLES.map((t) => t.name).join(', ')}`)
    .argument('[dump...]', DUMP_HELP);
  addExamples(
    command,
    'structpage table',
    'structpage table zones vmcore',
    "structpage table free_blocks vmcore --where 'order >= 9' --format csv",
  );
  addCache(addImage(addTable(command, () => TABLES))).action(
    async (name: string | undefined, dumps: string[], options: TableOptions & ImageOptions) => {
      if (name === undefined) {
        if (options.json) await printJson(TABLES.map(dataOf));
        else await stdout(`${labelled(TABLES.map((t) => [t.name, t.help]))}\n`);
        return;
      }
      const definition = tableDefinition(name);
      await withImage(dumps, options, (inspector) => printTable(inspector, definition, options, outcome));
    },
  );
}

function dataOf({ name, help, columns }: TableDefinition): TableData {
  return { name, help, columns: columns.map((column) => column.name) };
}
