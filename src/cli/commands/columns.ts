import type { Command } from 'commander';
import { COLUMNS, DEFAULT_COLUMNS, type PageColumn } from '../../index.ts';
import { addExamples } from '../help.ts';
import { addJson } from '../options.ts';
import { labelled, printJson, stdout } from '../output.ts';
import type { ColumnData } from '../schemas/files.ts';

/** structpage columns: the list of columns. */
export function columnsCommand(program: Command): void {
  const command = program
    .command('columns')
    .summary('list the columns for --columns and --where')
    .description('Lists the columns for --columns and --where.')
    .action(async ({ json }: { json?: boolean }) => {
      if (json) await printJson(COLUMNS.map(dataOf));
      else await stdout(`${labelled(COLUMNS.map((c) => [c.name, c.help]))}\n`);
    });
  addJson(command);
  addExamples(command, 'structpage columns', 'structpage columns --json');
}

function dataOf({ name, kind, help }: PageColumn): ColumnData {
  return { name, kind, help, byDefault: DEFAULT_COLUMNS.some((column) => column === name) };
}
