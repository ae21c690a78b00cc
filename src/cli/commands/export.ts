import { closeSync, existsSync, openSync, readdirSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import type { Command } from 'commander';
import {
  type ColumnName,
  DEFAULT_COLUMNS,
  EXPORTERS,
  exporterOf,
  exportRows,
  noCounts,
  UsageError,
} from '../../index.ts';
import { type Outcome, reportUnread, withImage } from '../open.ts';
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
      `file to write; its extension names the format (${formats.join(', ')})`,
    )
    .option('--format <name>', 'format, if the extension does not tell')
    .option('--delimiter <character>', 'CSV: what stands between cells', ',')
    .option('--no-header', 'CSV: no line with the names of the columns');
  addCache(addImage(addColumns(addSelection(command)))).action(async (dumps: string[], options: Options) => {
    const name = options.format ?? extname(options.output).slice(1);
    const exporter = name === 'table' && options.format === undefined ? undefined : exporterOf(name);
    if (!exporter) {
      throw new UsageError(
        `'${options.output}' does not tell a format that is known; use an extension of ${formats.join(', ')}, or --format`,
      );
    }
    await withImage(dumps, options, async (inspector) => {
      warnIfNothing(inspector, options);
      const counts = noCounts();
      const columns = (options.columns ?? DEFAULT_COLUMNS) as ColumnName[];
      const job = {
        selection: { ...selectionOf(options), columns },
        exporter,
        jobs: jobsOf(options),
        delimiter: options.delimiter ?? ',',
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
      reportUnread(inspector, counts, outcome);
    });
  });
}

/** Writes under a temporary name beside the file, and renames it when all is written. Nothing is left otherwise. */
export async function intoFile(
  path: string,
  use: (write: (data: string | Uint8Array) => Promise<void>) => Promise<void>,
): Promise<void> {
  removeLeftovers(path);
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  const remove = (): void => rmSync(temporary, { force: true });
  const interrupted = (signal: NodeJS.Signals): void => {
    remove();
    process.exit(signal === 'SIGINT' ? 130 : 143);
  };
  // before there is a file that a signal could leave behind
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  try {
    const fd = create(temporary, path);
    await use(async (data) => {
      const bytes = typeof data === 'string' ? Buffer.from(data) : data;
      for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
      // a signal is only heard between two turns of the loop
      await new Promise((resolve) => setImmediate(resolve));
    });
    closeSync(fd);
    renameSync(temporary, path);
  } catch (error) {
    remove();
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOSPC' || code === 'EFBIG' || code === 'EIO') {
      throw new UsageError(`cannot write ${path}: ${code === 'ENOSPC' ? 'the disk is full' : code}`);
    }
    throw error;
  } finally {
    process.off('SIGINT', interrupted);
    process.off('SIGTERM', interrupted);
  }
}

/** Creates a file; `path` is what it stands for in messages. */
function create(temporary: string, path: string): number {
  try {
    return openSync(temporary, 'wx');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = {
      ENOENT: 'there is no such directory',
      EACCES: 'no permission',
      EROFS: 'the file system is read-only',
    };
    throw new UsageError(`cannot write ${path}: ${why[code as keyof typeof why] ?? code}`);
  }
}

/** Takes away what writers of the same file have left that were killed. */
function removeLeftovers(path: string): void {
  const start = `.${basename(path)}.`;
  let names: string[];
  try {
    names = readdirSync(dirname(path));
  } catch {
    return;
  }
  for (const name of names) {
    const pid = name.startsWith(start) ? /^(\d+)\.tmp$/.exec(name.slice(start.length))?.[1] : undefined;
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    rmSync(join(dirname(path), name), { force: true });
  }
}
