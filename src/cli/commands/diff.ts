import { type Command, Option } from 'commander';
import {
  CHANGED_COLUMNS,
  changedPages,
  compareStops,
  DIFF_COLUMNS,
  type DiffList,
  diffTable,
  disorderOf,
  isExport,
  type Measure,
  noCounts,
  type OpenExport,
  openExport,
  type Stop,
  stopOfDump,
  UsageError,
} from '../../index.ts';
import type { TableShape } from '../command-tables.ts';
import { diffData, diffText, relationText } from '../diff-text.ts';
import { addExamples } from '../help.ts';
import { type Outcome, reportUnread, withImages } from '../open.ts';
import { addCache, addImage, type ImageOptions, parseCount } from '../options.ts';
import { printJson, say, stdout } from '../output.ts';
import { addTable, printRows, type TableOptions } from '../print-table.ts';

interface Options extends TableOptions, ImageOptions {
  by?: Measure;
  list?: DiffList;
  rows?: true;
  top: number;
  json?: true;
}

const LISTS: readonly DiffList[] = ['uses', 'flows', 'growth', 'suspects'];
/** Entries of each list in the report. */
const TOP = 10;

/** structpage diff: what changed between dumps of one machine. */
export function diffCommand(program: Command, outcome: Outcome): void {
  const command = program
    .command('diff')
    .summary('compare dumps of one machine: what changed, what grew, what may leak')
    .description(
      'Compares two or more dumps of one machine, the oldest first: where pages of each class went, what grew, and which owners took pages and gave none back. Dumps of different boots are compared by totals only.',
    )
    .argument(
      '<dump...>',
      'two or more dumps, captures, or exports of them to CSV or Parquet, the oldest first',
    )
    .addOption(
      new Option(
        '--by <measure>',
        'tell pages apart by class or by type (default: by class if all dumps have the kernel’s objects)',
      ).choices(['class', 'type']),
    )
    .option('--top <n>', 'show the n largest entries of each list', parseCount, TOP)
    .addOption(new Option('--list <name>', 'print one list as a table instead of the report').choices(LISTS))
    .option('--rows', 'print the pages whose class or owner changed, as a table')
    .option('--json', 'print the whole comparison as JSON');
  addExamples(
    command,
    'structpage diff monday.elf tuesday.elf',
    'structpage diff 1.elf 2.elf 3.elf --list suspects --limit 5',
    "structpage diff a.elf b.elf --rows --where 'after == slab' --format csv",
  );
  addCache(addImage(addTable(command, tables))).action(async (files: string[], options: Options) => {
    if (files.length < 2) throw new UsageError('diff needs two dumps or more, the oldest first');
    const chosen = [options.rows, options.list, options.json].filter((o) => o !== undefined);
    if (chosen.length > 1) throw new UsageError('choose one of --rows, --list and --json');
    const dumps = files.filter((file) => !isExport(file));
    const exports = new Map<string, OpenExport>();
    try {
      for (const file of files) if (isExport(file)) exports.set(file, await openExport(file));
      await withImages(
        dumps.map((dump) => [dump]),
        options,
        async (inspectors) => {
          const counts = inspectors.map(noCounts);
          const open = inspectors.entries();
          const stops = files.map((file) => {
            const exported = exports.get(file);
            if (exported) return exported.stop;
            const [i, inspector] = open.next().value!;
            return stopOfDump(file, inspector, counts[i]!);
          });
          await print(stops, options);
          for (const [i, inspector] of inspectors.entries()) {
            reportUnread(inspector, counts[i]!, 'not compared', outcome);
          }
        },
      );
    } finally {
      for (const exported of exports.values()) exported.close();
    }
  });
}

/** The tables that it prints. */
function tables(): readonly TableShape[] {
  const lists = LISTS.map((name) => ({ name: `diff_${name}`, columns: DIFF_COLUMNS[name] }));
  return [...lists, { name: 'changed_pages', columns: CHANGED_COLUMNS }];
}

async function print(stops: readonly Stop[], options: Options): Promise<void> {
  if (options.rows) {
    await printRows(changedPages(stops, options.by), options);
    return;
  }
  const comparison = await compareStops(stops, options.by);
  const { withoutClasses, relation, byPage } = comparison;
  const late = byPage ? disorderOf(stops) : undefined;
  if (late) say(`warning: ${late[1].name} is older than ${late[0].name}; give the oldest dump first`);
  if (withoutClasses !== undefined) say(`pages are compared by type: ${withoutClasses}`);
  if (options.list === undefined && !options.json) {
    await stdout(diffText(comparison, options.top));
    return;
  }
  if (relation.kinship !== 'same boot') say(`warning: ${relationText(comparison)}`);
  if (options.list !== undefined) await printRows(diffTable(comparison, options.list), options);
  else await printJson(diffData(comparison));
}
