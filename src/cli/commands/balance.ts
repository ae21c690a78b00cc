import type { Command } from 'commander';
import { tableDefinition } from '../../index.ts';
import { addExamples } from '../help.ts';
import { type Outcome, reportGaps, withImage } from '../open.ts';
import { addCache, addImage, DUMP_HELP, type ImageOptions } from '../options.ts';
import { addTable, printTable, type TableOptions } from '../print-table.ts';

/** structpage balance: classes of pages beside the kernel's own counters. */
export function balanceCommand(program: Command, outcome: Outcome): void {
  const command = program
    .command('balance')
    .summary("compare page classes with the kernel's own counters")
    .description(
      "Counts the pages of each class, and compares them with the kernel's own counters. Names the possible cause of a difference. The last row counts the pages that nothing explains.",
    )
    .argument('[dump...]', DUMP_HELP)
    .option('--remainder', 'list runs of unexplained pages instead, longest first');
  addExamples(
    command,
    'structpage balance vmcore',
    "structpage balance vmcore --where 'difference != 0'",
    'structpage balance vmcore --remainder --limit 20',
  );
  addCache(
    addImage(addTable(command, () => [tableDefinition('balance'), tableDefinition('remainder')])),
  ).action(async (dumps: string[], options: TableOptions & ImageOptions & { remainder?: true }) => {
    const table = tableDefinition(options.remainder ? 'remainder' : 'balance');
    await withImage(dumps, options, async (inspector) => {
      await printTable(inspector, table, options, outcome);
      if (options.remainder) reportGaps(inspector, outcome);
    });
  });
}
