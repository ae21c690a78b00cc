import type { Command } from 'commander';
import { tableDefinition } from '../../index.ts';
import { addExamples } from '../help.ts';
import { type Outcome, withImage } from '../open.ts';
import { addCache, addImage, DUMP_HELP, type ImageOptions } from '../options.ts';
import { addTable, printTable, type TableOptions } from '../print-table.ts';

/** structpage mappings: every page that processes map. */
export function mappingsCommand(program: Command, outcome: Outcome): void {
  const command = program
    .command('mappings')
    .summary('list the pages that processes map')
    .description('Lists every page that is in the page tables of a process, with its address and its file.')
    .argument('[dump...]', DUMP_HELP);
  addExamples(
    command,
    "structpage mappings vmcore --where 'pid == 214'",
    "structpage mappings vmcore --where 'pfn == 30176'      # who maps this page",
    'structpage mappings vmcore --format csv',
  );
  addCache(addImage(addTable(command, () => [tableDefinition('mappings')]))).action(
    async (dumps: string[], options: TableOptions & ImageOptions) => {
      const table = tableDefinition('mappings');
      await withImage(dumps, options, (inspector) => printTable(inspector, table, options, outcome));
    },
  );
}
