import type { Command } from 'commander';
import { slabObjects, tableDefinition } from '../../index.ts';
import { addExamples } from '../help.ts';
import { type Outcome, withImage } from '../open.ts';
import { addCache, addImage, DUMP_HELP, type ImageOptions } from '../options.ts';
import { addTable, printTable, type TableOptions } from '../print-table.ts';

/** structpage slab: slab caches, and the objects of one. */
export function slabCommand(program: Command, outcome: Outcome): void {
  const command = program
    .command('slab')
    .summary('show slab caches and how full they are')
    .description(
      'Shows each slab cache: its slabs, its objects, and how many of them are in use. Objects that a CPU keeps for its next allocation are not in use.',
    )
    .argument('[dump...]', DUMP_HELP)
    .option('--objects <cache>', 'list the objects of this cache instead');
  addExamples(
    command,
    'structpage slab vmcore',
    "structpage slab vmcore --where 'waste > 1048576'",
    'structpage slab vmcore --objects dentry --format csv',
  );
  addCache(addImage(addTable(command, () => [tableDefinition('slab'), slabObjects('')]))).action(
    async (dumps: string[], options: TableOptions & ImageOptions & { objects?: string }) => {
      const table = options.objects === undefined ? tableDefinition('slab') : slabObjects(options.objects);
      await withImage(dumps, options, (inspector) => printTable(inspector, table, options, outcome));
    },
  );
}
