import { basename } from 'node:path';
import {
  EXPORTERS,
  type Exporter,
  exporterOf,
  FILE_COMPRESSIONS,
  type FileCompression,
  type OptionValue,
  UsageError,
} from '../index.ts';

/** Extensions that stand for a format and options of it. */
const EXTENSIONS: Readonly<Record<string, { format: string; options?: Record<string, OptionValue> }>> = {
  tsv: { format: 'csv', options: { delimiter: '\t' } },
  jsonl: { format: 'ndjson' },
};

/** Formats that files are written in. */
export const FILE_FORMATS: readonly Exporter[] = EXPORTERS.filter((e) => e.name !== 'table');

/** The extensions that select a format, for messages. */
export const FILE_EXTENSIONS: string = [
  ...[...FILE_FORMATS.map((e) => e.name), ...Object.keys(EXTENSIONS)].map((name) => `.${name}`),
  `and for text ${FILE_COMPRESSIONS.map((name) => `.csv.${name}`).join(', ')}`,
].join(', ');

/** How a file is written. */
export interface FileFormat {
  readonly exporter: Exporter;
  /** Options that its extension stands for. */
  readonly options: Readonly<Record<string, OptionValue>>;
  readonly compression: FileCompression | undefined;
}

/** The format of a file by its extensions, or by `format`. Throws UsageError if neither selects one. */
export function fileFormat(path: string, format: string | undefined): FileFormat {
  const parts = path === '-' ? [] : basename(path).toLowerCase().split('.').slice(1);
  const compression = FILE_COMPRESSIONS.find((name) => name === parts.at(-1));
  const extension = (compression ? parts.at(-2) : parts.at(-1)) ?? '';
  const known = Object.hasOwn(EXTENSIONS, extension) ? EXTENSIONS[extension] : undefined;
  const name = format ?? known?.format ?? extension;
  const exporter = name === 'table' && format === undefined ? undefined : exporterOf(name);
  if (!exporter) {
    throw new UsageError(`the extension of '${path}' selects no format; use ${FILE_EXTENSIONS}, or --format`);
  }
  if (compression && exporter.isBinary) {
    throw new UsageError(`${exporter.name} files are not compressed as a whole: leave out .${compression}`);
  }
  return { exporter, options: known?.format === name ? (known.options ?? {}) : {}, compression };
}
