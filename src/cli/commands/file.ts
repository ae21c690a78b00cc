import type { Command } from 'commander';
import { filePages, fileRollup, UsageError } from '../../index.ts';
import { addExamples } from '../help.ts';
import { type Outcome, withImage } from '../open.ts';
import { addCache, addImage, type ImageOptions, splitLast } from '../options.ts';
import { addTable, printTable, type TableOptions } from '../print-table.ts';

/** structpage file: the pages that cache one file. */
export function fileCommand(program: Command, outcome: Outcome): void {
  const command = program
    .command('file')
    .summary('show the pages that cache a file')
    .description(
      'Shows the pages that cache a file: their offset in the file, their state, and the processes that map them. Any name of the file is accepted.',
    )
    .usage('[options] [dump...] <path>')
    .argument('<path...>', 'a memory dump (default: this machine), then the file')
    .option('--rollup', 'show the sum over all pages');
  addExamples(
    command,
    'structpage file vmcore /var/log/syslog --rollup',
    "structpage file vmcore /var/lib/db/data --where 'state != clean'",
    'structpage file vmcore memfd:blob',
  );
  addCache(addImage(addTable(command, () => [filePages(''), fileRollup('')]))).action(
    async (args: string[], options: TableOptions & ImageOptions & { rollup?: boolean }) => {
      const { dumps, last } = splitLast(args);
      if (last === '') throw new UsageError('the name of a file cannot be empty');
      const table = options.rollup ? fileRollup(last) : filePages(last);
      await withImage(dumps, options, (inspector) => printTable(inspector, table, options, outcome));
    },
  );
}
