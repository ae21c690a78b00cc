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
import { intoFile, refuseInput } from '../output-file.ts';
import { warnIfAbsent } from './dump.ts';

interface Options extends SelectOptions, ImageOptions {
  output: string;
  format?: string;
  delimiter?: string;
  header: boolean;
  safe?: boolean;
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
    .option('--no-header', 'CSV: no line with the names of the columns')
    .option('--safe', 'CSV: write an apostrophe before names that a spreadsheet would take for a formula');
  addCache(addImage(addColumns(addSelection(command)))).action(async (dumps: string[], options: Options) => {
    const name = options.format ?? extname(options.output).slice(1).toLowerCase();
    const exporter = name === 'table' && options.format === undefined ? undefined : exporterOf(name);
    if (!exporter) {
      throw new UsageError(
        `'${options.output}' does not tell a format that is known; use an extension of ${formats.join(', ')}, or --format`,
      );
    }
    if (exporter.name !== 'csv' && (options.delimiter !== undefined || !options.header || options.safe)) {
      throw new UsageError(
        `--delimiter, --no-header and --safe apply to CSV only, and the format is ${exporter.name}`,
      );
    }
    refuseInput(options.output, [...dumps, ...(options.layout === undefined ? [] : [options.layout])]);
    await withImage(dumps, options, async (inspector) => {
      warnIfAbsent(inspector, options);
      const counts = noCounts();
      const columns = (options.columns ?? DEFAULT_COLUMNS) as ColumnName[];
      const job = {
        selection: { ...selectionOf(options), columns },
        exporter,
        jobs: jobsOf(options),
        ...(options.delimiter === undefined ? {} : { delimiter: options.delimiter }),
        header: options.header,
        ...(options.safe ? { safe: true } : {}),
      };
      const progress = new Progress();
      const total = inspector.ranges(options.pfn).reduce((sum, r) => sum + r.end - r.start, 0);
      await intoFile(options.output, inspector.image.inputs ?? [], async (write) => {
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
