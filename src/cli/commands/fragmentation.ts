import type { Command } from 'commander';
import { tableDefinition, UsageError } from '../../index.ts';
import { addExamples } from '../help.ts';
import { type Outcome, reportGaps, withImage } from '../open.ts';
import { addCache, addImage, DUMP_HELP, type ImageOptions } from '../options.ts';
import { addTable, printTable, type TableOptions } from '../print-table.ts';

/** structpage fragmentation: free memory, and what keeps it from being huge pages. */
export function fragmentationCommand(program: Command, outcome: Outcome): void {
  const command = program
    .command('fragmentation')
    .summary('show free memory by order, and which pages prevent free huge pages')
    .description(
      'Shows the free blocks of each zone by order and migratetype, and compares the free lists with the page array. Reports contradictions; the exit status is then 3.',
    )
    .argument('[dump...]', DUMP_HELP)
    .option('--blocks', 'show pageblocks instead: which pages can move, and which cannot')
    .option('--index', 'show the external fragmentation index of each order instead');
  addExamples(
    command,
    'structpage fragmentation vmcore',
    "structpage fragmentation vmcore --blocks --where 'free < 512' --limit 20",
    'structpage fragmentation vmcore --index',
  );
  addCache(
    addImage(
      addTable(command, () => ['free_lists', 'pageblocks', 'fragmentation_index'].map(tableDefinition)),
    ),
  ).action(
    async (dumps: string[], options: TableOptions & ImageOptions & { blocks?: true; index?: true }) => {
      if (options.blocks && options.index) throw new UsageError('--blocks and --index cannot be combined');
      const table = tableDefinition(
        options.blocks ? 'pageblocks' : options.index ? 'fragmentation_index' : 'free_lists',
      );
      await withImage(dumps, options, async (inspector) => {
        await printTable(inspector, table, options, outcome);
        reportGaps(inspector, outcome);
      });
    },
  );
}
