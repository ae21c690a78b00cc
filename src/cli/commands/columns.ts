import type { Command } from 'commander';
import { COLUMNS } from '../../index.ts';
import { labelled, stdout } from '../output.ts';

/** structpage columns: what columns there are. */
export function columnsCommand(program: Command): void {
  program
    .command('columns')
    .summary('list the columns that can be printed and filtered by')
    .action(async () => {
      await stdout(`${labelled(COLUMNS.map((c) => [c.name, c.help]))}\n`);
    });
}
