import type { Command } from 'commander';
import { tableDefinition } from '../../index.ts';
import { examples } from '../help.ts';
import { type Outcome, reportGaps, withImage } from '../open.ts';
import { addCache, addImage, DUMP_HELP, type ImageOptions } from '../options.ts';
import { addTable, printTable, type TableOptions } from '../print-table.ts';

/** structpage balance: classes of pages beside the kernel's own counters. */
export function balanceCommand(program: Command, outcome: Outcome): void {
  const command = program
    .command('balance')
    .summary("hold the classes of pages against the kernel's own counters")
    .description(
      "Shows how many pages of each class were found beside what the kernel's own counters say, the difference, and what it may come from. Ends with what nothing explains.",
    )
    .argument('[dump...]', DUMP_HELP)
    .option('--remainder', 'list what nothing explains instead, as runs of pages, the longest first')
    .addHelpText(
      'after',
      examples(
        'structpage balance vmcore',
        "structpage balance vmcore --where 'difference != 0'",
        'structpage balance vmcore --remainder --limit 20',
      ),
    );
  addCache(addImage(addTable(command))).action(
    async (dumps: string[], options: TableOptions & ImageOptions & { remainder?: true }) => {
      const table = tableDefinition(options.remainder ? 'remainder' : 'balance');
      await withImage(dumps, options, async (inspector) => {
        await printTable(inspector, table, options, outcome);
        if (options.remainder) reportGaps(inspector, outcome);
      });
    },
  );
}
