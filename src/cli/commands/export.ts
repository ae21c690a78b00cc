import type { Command } from 'commander';
import { COLUMNS, type ColumnName, compressed, exportRows, noCounts } from '../../index.ts';
import { setTables } from '../command-tables.ts';
import { addExporterOptions, exporterOptionsOf } from '../exporter-options.ts';
import { FILE_EXTENSIONS, FILE_FORMATS, fileFormat } from '../file-format.ts';
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
import { Progress, printJson, refuseTerminal, say, streamOptions } from '../output.ts';
import { intoFile, REPORT_HELP, refuseInput, refuseReport } from '../output-file.ts';
import type { ExportData } from '../schemas/files.ts';
import { sizeText } from '../units.ts';
import { warnIfAbsent } from './dump.ts';

interface Options extends SelectOptions, ImageOptions {
  output: string;
  format?: string;
  json?: boolean;
}

/** structpage export: rows to a file, which appears under its name only when it is complete. */
export function exportCommand(program: Command, outcome: Outcome): void {
  const command = program
    .command('export')
    .summary('write decoded struct pages to a file')
    .description(
      "Writes decoded struct pages to a file. The file's extension selects the format. The file appears under its name only when it is complete.",
    )
    .argument('[dump...]', DUMP_HELP)
    .requiredOption('-o, --output <file>', `file to write (${FILE_EXTENSIONS}); - for standard output`)
    .option('--format <name>', 'output format, if the extension does not select it')
    .option('--json', REPORT_HELP);
  setTables(command, () => [{ name: 'pages', columns: COLUMNS }]);
  addExamples(
    command,
    'structpage export vmcore -o pages.csv',
    'structpage export vmcore -o pages.parquet --compression zstd',
    "structpage export vmcore -o dirty.jsonl --where 'flags has dirty' --columns pfn,mapping,index",
    'structpage export vmcore -o pages.csv.zst --columns +kpageflags',
  );
  addExporterOptions(command, FILE_FORMATS);
  addCache(addImage(addColumns(addSelection(command)))).action(async (dumps: string[], options: Options) => {
    refuseReport(options);
    const { exporter, options: implied, compression } = fileFormat(options.output, options.format);
    const isPiped = options.output === '-';
    if (isPiped) refuseTerminal(exporter);
    const given = {
      ...implied,
      ...exporterOptionsOf(exporter, { ...options }),
      ...(isPiped ? streamOptions(exporter) : {}),
    };
    refuseInput(options.output, [...dumps, ...(options.layout === undefined ? [] : [options.layout])]);
    await withImage(dumps, options, async (inspector) => {
      warnIfAbsent(inspector, options);
      const counts = noCounts();
      const columns = columnsFor(
        options.columns,
        inspector.defaultColumns,
        inspector.columns,
      ) as ColumnName[];
      const job = {
        selection: { ...selectionOf(options), columns },
        exporter,
        jobs: jobsOf(options),
        options: given,
      };
      const progress = new Progress();
      const started = performance.now();
      let bytes = 0;
      let rows = 0;
      const total = inspector.ranges(options.pfn).reduce((sum, r) => sum + r.end - r.start, 0);
      await intoFile(options.output, inspector.image.inputs ?? [], async (write) => {
        const watched = async (data: string | Uint8Array): Promise<void> => {
          await write(data);
          bytes += data.length;
          progress.update(
            'exporting',
            Object.values(counts).reduce((a, b) => a + b),
            total,
          );
        };
        const output = compression ? await compressed(compression, watched) : undefined;
        rows = await exportRows(inspector, job, output?.sink ?? watched, counts);
        await output?.end();
      });
      progress.done();
      const seconds = (performance.now() - started) / 1000;
      if (options.json) {
        const structPages = { ...counts };
        const data: ExportData = {
          file: options.output,
          format: exporter.name,
          rows,
          bytes,
          seconds,
          structPages,
        };
        await printJson(data);
      } else if (process.stderr.isTTY) {
        say(`wrote ${rows} rows, ${sizeText(bytes)}, to ${options.output} in ${seconds.toFixed(1)} s`);
      }
      reportUnread(inspector, counts, fateIn(inspector, job.selection), outcome);
      warnIfDoubtful(inspector, job.selection);
    });
  });
}
