import { stringify } from 'csv-stringify';
import { stringify as stringifySync } from 'csv-stringify/sync';
import { cellTexts } from './cells.ts';
import type { Exporter } from './exporter.ts';

/** Rows that are handed to csv-stringify before its output is passed on. */
const CHUNK_ROWS = 4096;

/**
 * CSV (RFC 4180, lines end in \n): words as 0x..., empty cells for empty values. The default dialect is encoded
 * by the loops, any other by csv-stringify; both give the same for the same.
 */
export const csv: Exporter = {
  name: 'csv',

  bulk(columns, options) {
    if ((options.delimiter ?? ',') !== ',' || options.quoted) return undefined;
    return {
      before: columns.map((_, i) => (i === 0 ? '' : ',')),
      end: '\n',
      empty: '',
      quote: '',
      text: options.safe ? (value) => cellOf(harmless(value)) : cellOf,
      head: (options.header ?? true) ? `${columns.map(cellOf).join(',')}\n` : '',
      foot: '',
      emptyFoot: '',
      separator: 0,
    };
  },

  write: (rows, columns, sink, options) => writeAny(rows, columns, sink, options),
};

/** Text that no spreadsheet takes for a formula; numbers are not text, and may be negative. */
function harmless(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}

/** Text of a cell as csv-stringify writes it in the default dialect. */
function cellOf(value: string): string {
  return stringifySync([[value]]).slice(0, -1);
}

/** Any dialect, by csv-stringify: also what the bulk writer is held against. */
export const writeAny: NonNullable<Exporter['write']> = async (rows, columns, sink, options) => {
  const stringifier = stringify({
    delimiter: options.delimiter ?? ',',
    quoted: options.quoted ?? false,
    header: options.header ?? true,
    columns: [...columns],
    highWaterMark: 1 << 20,
  });
  let failed: unknown;
  stringifier.on('error', (error) => {
    failed = error;
  });
  const drain = async (): Promise<void> => {
    const parts: Buffer[] = [];
    for (let part = stringifier.read(); part !== null; part = stringifier.read()) parts.push(part);
    if (parts.length > 0) await sink(Buffer.concat(parts));
    if (failed) throw failed;
  };
  for await (const { batch, rows: indices } of rows) {
    const cells = cellTexts(batch, columns, options.safe ? harmless : undefined);
    for (let i = 0; i < indices.length; i++) {
      const page = indices[i]!;
      stringifier.write(cells.map((cell) => cell(page)));
      if (i % CHUNK_ROWS === CHUNK_ROWS - 1) await drain();
    }
    await drain();
  }
  const ended = new Promise((resolve) => stringifier.once('end', resolve));
  stringifier.end();
  await drain();
  stringifier.resume();
  await ended;
};
