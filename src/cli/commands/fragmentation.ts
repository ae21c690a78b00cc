import type { Command } from 'commander';
import { tableDefinition, UsageError } from '../../index.ts';
import { examples } from '../help.ts';
import { type Outcome, reportGaps, withImage } from '../open.ts';
import { addCache, addImage, DUMP_HELP, type ImageOptions } from '../options.ts';
import { addTable, printTable, type TableOptions } from '../print-table.ts';

/** structpage fragmentation: free memory, and what keeps it from being huge pages. */
export function fragmentationCommand(program: Command, outcome: Outcome): void {
  const command = program
    .command('fragmentation')
    .summary('show free memory by order, and what keeps huge pages from being free')
    .description(
      'Shows the free blocks of each zone by order and migratetype. Each free list is held against the page array and the page array against the lists; what contradicts is reported, and the exit status is 3.',
    )
    .argument('[dump...]', DUMP_HELP)
    .option('--blocks', 'show each pageblock instead: what would have to move, and what cannot')
    .option('--index', 'show the external fragmentation indices of each order instead')
    .addHelpText(
      'after',
      examples(
        'structpage fragmentation vmcore',
        "structpage fragmentation vmcore --blocks --where 'free < 512' --limit 20",
        'structpage fragmentation vmcore --index',
      ),
    );
  addCache(addImage(addTable(command))).action(
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
