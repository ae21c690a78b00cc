import { extname } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  type ColumnName,
  DEFAULT_COLUMNS,
  EXPORTERS,
  exporterOf,
  exportRows,
  noCounts,
  UsageError,
} from '../../index.ts';
import { fateIn, type Outcome, reportUnread, withImage } from '../open.ts';
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
import { Progress } from '../output.ts';
import { intoFile } from '../output-file.ts';
import { warnIfNothing } from './dump.ts';

interface Options extends SelectOptions, ImageOptions {
  output: string;
  format?: string;
  delimiter?: string;
  header: boolean;
}

/** structpage export: rows to a file, which appears under its name only when it is whole. */
export function exportCommand(program: Command, outcome: Outcome): void {
  const formats = EXPORTERS.map((e) => e.name).filter((n) => n !== 'table');
  const command = program
    .command('export')
    .summary('write struct pages, decoded, to a file')
    .description(
      'Writes the struct pages of a memory dump, or of this machine, to a file; the format is that of its extension.',
    )
    .argument('[dump...]', DUMP_HELP)
    .requiredOption(
      '-o, --output <file>',
      `file to write; its extension names the format (${formats.join(', ')}); - is standard output`,
    )
    .option('--format <name>', 'format, if the extension does not tell')
    .addOption(
      new Option('--delimiter <character>', 'CSV: what stands between cells (a comma if not said)').argParser(
        parseDelimiter,
      ),
    )
    .option('--no-header', 'CSV: no line with the names of the columns');
  addCache(addImage(addColumns(addSelection(command)))).action(async (dumps: string[], options: Options) => {
    const name = options.format ?? extname(options.output).slice(1).toLowerCase();
    const exporter = name === 'table' && options.format === undefined ? undefined : exporterOf(name);
    if (!exporter) {
      throw new UsageError(
        `'${options.output}' does not tell a format that is known; use an extension of ${formats.join(', ')}, or --format`,
      );
    }
    if (exporter.name !== 'csv' && (options.delimiter !== undefined || !options.header)) {
      throw new UsageError(`--delimiter and --no-header are about CSV, and this is to be ${exporter.name}`);
    }
    await withImage(dumps, options, async (inspector) => {
      warnIfNothing(inspector, options);
      const counts = noCounts();
      const columns = (options.columns ?? DEFAULT_COLUMNS) as ColumnName[];
      const job = {
        selection: { ...selectionOf(options), columns },
        exporter,
        jobs: jobsOf(options),
        ...(options.delimiter === undefined ? {} : { delimiter: options.delimiter }),
        header: options.header,
      };
      const progress = new Progress();
      const total = inspector.ranges(options.pfn).reduce((sum, r) => sum + r.end - r.start, 0);
      await intoFile(options.output, async (write) => {
        const watched = async (data: string | Uint8Array): Promise<void> => {
          await write(data);
          progress.update(
            'exporting',
            Object.values(counts).reduce((a, b) => a + b),
            total,
          );
        };
        await exportRows(inspector, job, watched, counts);
      });
      progress.done();
      reportUnread(inspector, counts, fateIn(inspector, job.selection), outcome);
    });
  });
}

/** What would make CSV that nobody can read is refused. */
function parseDelimiter(text: string): string {
  if ([...text].length !== 1 || /["\r\n]/.test(text)) {
    throw new InvalidArgumentError(
      'It must be one character, and neither a quotation mark nor the end of a line.',
    );
  }
  return text;
}
