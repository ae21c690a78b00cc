import type { Command } from 'commander';
import { processAreas, processRollup, UsageError } from '../../index.ts';
import { addExamples } from '../help.ts';
import { type Outcome, withImage } from '../open.ts';
import { addCache, addImage, type ImageOptions, parseCount, splitArguments } from '../options.ts';
import { addTable, printTable, type TableOptions } from '../print-table.ts';

/** structpage process: the memory areas of one process. */
export function processCommand(program: Command, outcome: Outcome): void {
  const command = program
    .command('process')
    .summary('show the memory areas of a process')
    .description(
      'Shows the memory areas of a process, as /proc/PID/smaps does: the file of each, its memory, and the share of other processes. Sizes are in KiB.',
    )
    .usage('[options] [dump...] <pid>')
    .argument('<pid...>', 'a memory dump (default: this machine), then the process')
    .option('--rollup', 'show the sum over all areas, as /proc/PID/smaps_rollup does');
  addExamples(
    command,
    'structpage process vmcore 214',
    'structpage process vmcore 214 --rollup',
    "structpage process vmcore 214 --where 'swap > 0' --columns start,size,swap,file",
  );
  addCache(addImage(addTable(command, () => [processAreas(0), processRollup(0)]))).action(
    async (args: string[], options: TableOptions & ImageOptions & { rollup?: boolean }) => {
      const { dumps, asked } = splitArguments(args, 'a process', checkPid);
      if (asked.length > 1) throw new UsageError(`expected one process, found ${asked.join(' ')}`);
      const pid = parseCount(asked[0]!);
      const table = options.rollup ? processRollup(pid) : processAreas(pid);
      await withImage(dumps, options, (inspector) => printTable(inspector, table, options, outcome));
    },
  );
}

function checkPid(text: string): void {
  if (!/^\d{1,7}$/.test(text)) throw new UsageError(`'${text}' is not a process id`);
}
