import type { Command } from 'commander';
import { lengthOf, unite } from '../../core/ranges.ts';
import {
  type ColumnName,
  DEFAULT_COLUMNS,
  EXPORTERS,
  exportRows,
  type Inspector,
  noCounts,
  TABLE_COLUMNS,
} from '../../index.ts';
import { addExporterOptions, exporterNamed, exporterOptionsOf } from '../exporter-options.ts';
import { fateIn, type Outcome, reportUnread, warnIfDoubtful, withImage } from '../open.ts';
import {
  addCache,
  addColumns,
  addImage,
  addSelection,
  DUMP_HELP,
  type ImageOptions,
  jobsOf,
  type SelectOptions,
  selectionOf,
} from '../options.ts';
import { say, stdoutData } from '../output.ts';

/** structpage dump: rows to standard output. */
export function dumpCommand(program: Command, outcome: Outcome): void {
  const command = program
    .command('dump')
    .summary('print decoded struct pages')
    .description('Prints decoded struct pages to standard output, one row per page.')
    .argument('[dump...]', DUMP_HELP)
    .option('--format <name>', `output format: ${EXPORTERS.map((e) => e.name).join(', ')}`, 'table');
  addExporterOptions(command, EXPORTERS);
  addCache(addImage(addColumns(addSelection(command)))).action(
    async (dumps: string[], options: SelectOptions & ImageOptions & { format: string }) => {
      const exporter = exporterNamed(options.format);
      const given = exporterOptionsOf(exporter, { ...options });
      await withImage(dumps, options, async (inspector) => {
        warnIfAbsent(inspector, options);
        const counts = noCounts();
        const columns = (options.columns ??
          (exporter.name === 'table' ? TABLE_COLUMNS : DEFAULT_COLUMNS)) as ColumnName[];
        const selection = { ...selectionOf(options), columns };
        const fate = fateIn(inspector, selection);
        const width =
          process.stdout.isTTY && exporter.name === 'table' ? { width: process.stdout.columns } : {};
        try {
          const job = { selection, exporter, jobs: jobsOf(options), options: { ...given, ...width } };
          await exportRows(inspector, job, stdoutData, counts);
        } finally {
          reportUnread(inspector, counts, fate, outcome);
        }
        warnIfDoubtful(inspector, selection);
      });
    },
  );
}

/** Ranges of pfns that are listed. */
const MOST_RANGES = 8;

/** Says how many of the pfns that were asked for have no struct page: more likely a mistake than a question. */
export function warnIfAbsent(inspector: Inspector, options: SelectOptions): void {
  if (!options.pfn) return;
  const asked = lengthOf(unite(options.pfn));
  const there = lengthOf(inspector.ranges(options.pfn));
  if (there === asked) return;
  const { present } = inspector.model;
  const known = present.slice(0, MOST_RANGES).map((r) => `${r.start}-${r.end - 1}`);
  if (present.length > MOST_RANGES) known.push(`${present.length - MOST_RANGES} more ranges`);
  const what = there === 0 ? 'none of these pfns has a' : `${asked - there} of these ${asked} pfns have no`;
  say(`${what} struct page; there are ${known.join(', ')}`);
}
