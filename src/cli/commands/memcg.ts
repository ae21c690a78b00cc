import type { Command } from 'commander';
import { memcgClasses, tableDefinition, UsageError } from '../../index.ts';
import { addExamples } from '../help.ts';
import { type Outcome, withImage } from '../open.ts';
import { addCache, addImage, type ImageOptions, splitLast } from '../options.ts';
import { addTable, printTable, type TableOptions } from '../print-table.ts';

/** structpage memcg: the memory of one memory cgroup, or what keeps removed ones. */
export function memcgCommand(program: Command, outcome: Outcome): void {
  const command = program
    .command('memcg')
    .summary('show the memory of a cgroup by class')
    .description(
      'Counts the pages that are charged to a memory cgroup and to those below it, by class. With --dying, lists every page that keeps a removed cgroup in memory.',
    )
    .usage('[options] [dump...] <path>')
    .argument(
      '<path...>',
      'a memory dump (default: this machine), then the path of the cgroup; no path with --dying',
    )
    .option('--dying', 'list the pages that keep removed cgroups in memory');
  addExamples(
    command,
    'structpage memcg vmcore /system.slice/nginx.service',
    'structpage memcg vmcore /',
    'structpage memcg vmcore --dying --format csv',
  );
  addCache(addImage(addTable(command, () => [memcgClasses('/'), tableDefinition('dying')]))).action(
    async (args: string[], options: TableOptions & ImageOptions & { dying?: boolean }) => {
      if (options.dying) {
        const table = tableDefinition('dying');
        await withImage(args, options, (inspector) => printTable(inspector, table, options, outcome));
        return;
      }
      const { dumps, last } = splitLast(args);
      if (!last.startsWith('/')) {
        throw new UsageError(
          `'${last}' is not the path of a cgroup, which begins with /. If it is a dump, add the path after it`,
        );
      }
      await withImage(dumps, options, (inspector) =>
        printTable(inspector, memcgClasses(last), options, outcome),
      );
    },
  );
}
