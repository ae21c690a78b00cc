import type { Command } from 'commander';
import { locatePage, parsePageName, referrersTable } from '../../index.ts';
import { addExamples } from '../help.ts';
import { type Outcome, reportGaps, withImage } from '../open.ts';
import { addCache, addImage, type ImageOptions, splitArguments } from '../options.ts';
import { addTable, printTable, type TableOptions } from '../print-table.ts';

/** structpage referrers: who names a page. */
export function referrersCommand(program: Command, outcome: Outcome): void {
  const command = program
    .command('referrers')
    .summary('search memory for pointers to pages')
    .description(
      'Searches all of memory for pointers to pages: their kernel addresses, struct pages and physical addresses. Names the object that holds each: a slab object, stack, variable or vmalloc area. A pointer is no proof of use; it may be stale.',
    )
    .usage('[options] [dump...] <page...>')
    .argument('<page...>', 'a memory dump (default: this machine), then the pages, as for the command page');
  addExamples(
    command,
    'structpage referrers vmcore 4158',
    "structpage referrers vmcore pfn:4158 --where 'class != free_buddy'",
  );
  addCache(addImage(addTable(command, () => [referrersTable([])]))).action(
    async (args: string[], options: TableOptions & ImageOptions) => {
      const { dumps, asked } = splitArguments(args, 'a page', (text) => {
        parsePageName(text);
      });
      await withImage(dumps, options, async (inspector) => {
        const pfns = asked.map((name) => locatePage(inspector, name).pfn);
        await printTable(inspector, referrersTable(pfns), options, outcome);
        reportGaps(inspector, outcome);
      });
    },
  );
}
