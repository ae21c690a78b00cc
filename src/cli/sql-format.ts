import { extname } from 'node:path';
import { UsageError } from '../index.ts';

/** Formats that results of SQL can be written in. */
export const SQL_FORMATS = ['table', 'csv', 'json', 'ndjson', 'parquet'] as const;

export type SqlFormat = (typeof SQL_FORMATS)[number];

/** The format that an option or the extension of a file selects. Throws UsageError for any other. */
export function formatNamed(format: string | undefined, output: string | undefined): SqlFormat {
  const name =
    format ?? (output === undefined || output === '-' ? 'table' : extname(output).slice(1).toLowerCase());
  const found = SQL_FORMATS.find((f) => f === name);
  if (found) return found;
  throw new UsageError(
    format === undefined
      ? `the extension of '${output}' selects no format; use ${SQL_FORMATS.slice(1)
          .map((f) => `.${f}`)
          .join(', ')}, or --format`
      : `there is no format '${format}' for SQL; choose ${SQL_FORMATS.join(', ')}`,
  );
}
