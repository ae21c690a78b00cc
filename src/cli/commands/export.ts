import { extname } from 'node:path';
import type { Command } from 'commander';
import { type ColumnName, EXPORTERS, exporterOf, exportRows, noCounts, UsageError } from '../../index.ts';
import { addExporterOptions, exporterOptionsOf } from '../exporter-options.ts';
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
import { Progress, refuseTerminal, say, streamOptions } from '../output.ts';
import { intoFile, refuseInput } from '../output-file.ts';
import { sizeText } from '../units.ts';
import { warnIfAbsent } from './dump.ts';

interface Options extends SelectOptions, ImageOptions {
  output: string;
  format?: string;
}

/** structpage export: rows to a file, which appears under its name only when it is complete. */
export function exportCommand(program: Command, outcome: Outcome): void {
  const formats = EXPORTERS.map((e) => e.name).filter((n) => n !== 'table');
  const command = program
    .command('export')
    .summary('write decoded struct pages to a file')
    .description(
      "Writes decoded struct pages to a file. The file's extension selects the format. The file appears under its name only when it is complete.",
    )
    .argument('[dump...]', DUMP_HELP)
    .requiredOption(
      '-o, --output <file>',
      `file to write (${formats.map((f) => `.${f}`).join(', ')}); - for standard output`,
    )
    .option('--format <name>', 'output format, if the extension does not select it');
  addExporterOptions(
    command,
    EXPORTERS.filter((e) => e.name !== 'table'),
  );
  addCache(addImage(addColumns(addSelection(command)))).action(async (dumps: string[], options: Options) => {
    const name = options.format ?? extname(options.output).slice(1).toLowerCase();
    const exporter = name === 'table' && options.format === undefined ? undefined : exporterOf(name);
    if (!exporter) {
      throw new UsageError(
        `the extension of '${options.output}' selects no format; use ${formats.map((f) => `.${f}`).join(', ')}, or --format`,
      );
    }
    const isPiped = options.output === '-';
    if (isPiped) refuseTerminal(exporter);
    const given = {
      ...exporterOptionsOf(exporter, { ...options }),
      ...(isPiped ? streamOptions(exporter) : {}),
    };
    refuseInput(options.output, [...dumps, ...(options.layout === undefined ? [] : [options.layout])]);
    await withImage(dumps, options, async (inspector) => {
      warnIfAbsent(inspector, options);
      const counts = noCounts();
      const columns = (options.columns ?? inspector.defaultColumns) as ColumnName[];
      const job = {
        selection: { ...selectionOf(options), columns },
        exporter,
        jobs: jobsOf(options),
        options: given,
      };
      const progress = new Progress();
      const started = performance.now();
      let bytes = 0;
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
        await exportRows(inspector, job, watched, counts);
      });
      progress.done();
      if (process.stderr.isTTY) {
        const seconds = ((performance.now() - started) / 1000).toFixed(1);
        say(`wrote ${sizeText(bytes)} to ${options.output} in ${seconds} s, from ${counts.ok} struct pages`);
      }
      reportUnread(inspector, counts, fateIn(inspector, job.selection), outcome);
      warnIfDoubtful(inspector, job.selection);
    });
  });
}
