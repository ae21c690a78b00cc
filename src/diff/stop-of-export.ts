import { type ByteSource, hasText, readUpTo } from '../core/bytes.ts';
import { FormatError } from '../core/errors.ts';
import { openFile } from '../sources/file-source.ts';
import { unwrapAll } from '../sources/open-image.ts';
import type { Stop } from './stop.ts';
import { stopOfCsv } from './stop-of-csv.ts';
import { stopOfParquet } from './stop-of-parquet.ts';

const PARQUET = 'PAR1';
/** Extensions of text that can be read, and what is between their cells; compressed or not. */
const TEXTS: readonly (readonly [extension: RegExp, delimiter: string])[] = [
  [/\.csv(\.gz|\.zst)?$/i, ','],
  [/\.tsv(\.gz|\.zst)?$/i, '\t'],
];

/** Whether a file is an export by its name: CSV, TSV or Parquet. */
export function isExport(path: string): boolean {
  return /\.parquet$/i.test(path) || TEXTS.some(([extension]) => extension.test(path));
}

/** An open export; `close` closes its file. */
export interface OpenExport {
  readonly stop: Stop;
  close(): void;
}

/** Opens an export that structpage wrote. Throws FormatError for other files. */
export async function openExport(path: string): Promise<OpenExport> {
  const { source, warnings } = await unwrapAll(openFile(path), {});
  try {
    // rows that are lost would look like pages that are gone
    const [lost] = warnings;
    if (lost !== undefined) throw new FormatError({ file: path, expected: 'a whole file', found: lost });
    return { stop: await stopOf(path, source), close: () => source.close() };
  } catch (error) {
    source.close();
    throw error;
  }
}

function stopOf(path: string, source: ByteSource): Stop | Promise<Stop> {
  const delimiter = TEXTS.find(([extension]) => extension.test(path))?.[1];
  const isParquet = hasText(readUpTo(source, 0, PARQUET.length), PARQUET);
  return delimiter === undefined || isParquet
    ? stopOfParquet(path, source)
    : stopOfCsv(path, source, delimiter);
}
