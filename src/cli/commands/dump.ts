import type { Command } from 'commander';
import { lengthOf, unite } from '../../core/ranges.ts';
import {
  COLUMNS,
  type ColumnName,
  EXPORTERS,
  exportRows,
  type Inspector,
  noCounts,
  TABLE_COLUMNS,
  tableDefinition,
  UsageError,
} from '../../index.ts';
import { setTables } from '../command-tables.ts';
import { addExporterOptions, exporterOptionsOf } from '../exporter-options.ts';
import { addExamples } from '../help.ts';
import { fateIn, type Outcome, reportUnread, warnIfDoubtful, withImage } from '../open.ts';
import {
  addCache,
  addColumns,
  addImage,
  addSelection,
  columnsFor,
  DUMP_HELP,
  type ImageOptions,
  jobsOf,
  type SelectOptions,
  selectionOf,
} from '../options.ts';
import { refuseTerminal, say, stdoutData, streamOptions, terminalWidth } from '../output.ts';
import { addFormat, chosenExporter, printTable, type TableOptions } from '../print-table.ts';

/** structpage dump: rows to standard output. */
export function dumpCommand(program: Command, outcome: Outcome): void {
  const command = program
    .command('dump')
    .summary('print decoded struct pages')
    .description('Prints decoded struct pages to standard output, one row per page.')
    .argument('[dump...]', DUMP_HELP)
    .option('--folios', 'print one row per folio instead, with the columns of the table folios')
    .option('--wide', 'table: do not fit rows to the width of the terminal');
  addExamples(
    command,
    'structpage dump vmcore --pfn 4096-8191',
    "structpage dump vmcore --where 'type == slab && order >= 2' --limit 20",
    "structpage dump vmcore --where 'flags has dirty' --columns pfn,mapping,index --format csv",
  );
  addExporterOptions(addFormat(command), EXPORTERS);
  setTables(command, () => [{ name: 'pages', columns: COLUMNS }, tableDefinition('folios')]);
  addCache(addImage(addColumns(addSelection(command)))).action(
    async (
      dumps: string[],
      options: SelectOptions & ImageOptions & TableOptions & { wide?: boolean; folios?: true },
    ) => {
      if (options.folios) {
        if (options.pfn)
          throw new UsageError("--folios and --pfn cannot be combined; use --where 'pfn >= N'");
        await withImage(dumps, options, (inspector) =>
          printTable(inspector, tableDefinition('folios'), options, outcome),
        );
        return;
      }
      const exporter = chosenExporter(options);
      const given = { ...exporterOptionsOf(exporter, { ...options }), ...streamOptions(exporter) };
      refuseTerminal(exporter);
      await withImage(dumps, options, async (inspector) => {
        warnIfAbsent(inspector, options);
        const counts = noCounts();
        const preset = exporter.name === 'table' ? TABLE_COLUMNS : inspector.defaultColumns;
        const columns = columnsFor(options.columns, preset, inspector.columns) as ColumnName[];
        const selection = { ...selectionOf(options), columns };
        const fate = fateIn(inspector, selection);
        const fits = exporter.name === 'table' && !options.wide;
        const { width: room } = fits ? terminalWidth() : {};
        const spare = options.columns ? {} : { spare: SPARE };
        const width = room === undefined ? {} : { width: room, ...spare };
        const note = (text: string): void => say(`${text}; see --wide and --columns`);
        try {
          const job = { selection, exporter, jobs: jobsOf(options), options: { ...given, ...width }, note };
          await exportRows(inspector, job, stdoutData, counts);
        } finally {
          reportUnread(inspector, counts, fate, outcome);
        }
        warnIfDoubtful(inspector, selection);
      });
    },
  );
}

/** Columns that a narrow terminal omits unless they are requested. */
const SPARE = 'page,node,zone,mapping_kind';

/** Maximum number of pfn ranges listed. */
const MOST_RANGES = 8;

/** Reports how many of the requested pfns have no struct page, which is probably a mistake. */
export function warnIfAbsent(inspector: Inspector, options: SelectOptions): void {
  if (!options.pfn) return;
  const asked = lengthOf(unite(options.pfn));
  const there = lengthOf(inspector.ranges(options.pfn));
  if (there === asked) return;
  const { present } = inspector.model;
  const known = present.slice(0, MOST_RANGES).map((r) => `${r.start}-${r.end - 1}`);
  if (present.length > MOST_RANGES) known.push(`${present.length - MOST_RANGES} more ranges`);
  const what = there === 0 ? 'none of these pfns has a' : `${asked - there} of these ${asked} pfns have no`;
  say(`${what} struct page; the struct page array covers pfns ${known.join(', ')}`);
}
