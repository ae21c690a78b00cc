import { type Command, Option } from 'commander';
import { tableDefinition, UsageError } from '../../index.ts';
import { addExamples } from '../help.ts';
import { type Outcome, withImage } from '../open.ts';
import { addCache, addImage, DUMP_HELP, type ImageOptions } from '../options.ts';
import { addTable, printTable, type TableOptions } from '../print-table.ts';

/** The possible groupings of memory, with their tables. */
const TABLES = {
  process: 'processes',
  file: 'files',
  memcg: 'memcgs',
  class: 'classes',
  cache: 'slab',
  user: 'users',
  container: 'containers',
  'call-site': 'call_sites',
} as const;

/** structpage owners: who uses the memory. */
export function ownersCommand(program: Command, outcome: Outcome): void {
  const command = program
    .command('owners')
    .summary('show who uses the memory: processes, files, cgroups')
    .description(
      'Shows how much memory each process, file, memory cgroup, class of pages, slab cache, user, container or call site uses, largest first.',
    )
    .argument('[dump...]', DUMP_HELP)
    .addOption(new Option('--by <owner>', 'whom to show').choices(Object.keys(TABLES)).default('process'))
    .option('--tree', 'memory cgroups: sorted by path, each with the sum of those below it');
  addExamples(
    command,
    'structpage owners vmcore',
    'structpage owners vmcore --by file --limit 20',
    'structpage owners vmcore --by memcg --where \'memcg like "*(dying)"\'',
  );
  addCache(
    addImage(addTable(command, () => [...Object.values(TABLES), 'memcg_tree'].map(tableDefinition))),
  ).action(
    async (
      dumps: string[],
      options: TableOptions & ImageOptions & { by: keyof typeof TABLES; tree?: boolean },
    ) => {
      if (options.tree && options.by !== 'memcg') throw new UsageError('--tree needs --by memcg');
      const table = tableDefinition(options.tree ? 'memcg_tree' : TABLES[options.by]);
      await withImage(dumps, options, (inspector) => printTable(inspector, table, options, outcome));
    },
  );
}
