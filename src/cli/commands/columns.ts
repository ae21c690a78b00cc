import type { Command } from 'commander';
import { COLUMNS } from '../../index.ts';
import { addExamples } from '../help.ts';
import { labelled, stdout } from '../output.ts';

/** structpage columns: the list of columns. */
export function columnsCommand(program: Command): void {
  const command = program
    .command('columns')
    .summary('list the columns for --columns and --where')
    .description('Lists the columns for --columns and --where.')
    .action(async () => {
      await stdout(`${labelled(COLUMNS.map((c) => [c.name, c.help]))}\n`);
    });
  addExamples(command, 'structpage columns');
}
