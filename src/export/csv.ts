import { stringify } from 'csv-stringify';
import { cellTexts } from '../table/cells.ts';
import type { ColumnSpec } from '../table/column.ts';
import { csvText, harmless } from '../table/row-style.ts';
import type { TableRows } from '../table/table.ts';
import type { Exporter, Sink } from './exporter.ts';
import type { OptionValues } from './options.ts';
import { wordsOf, wordsOption } from './words-option.ts';

/** Number of rows given to csv-stringify before its output is passed on. */
const CHUNK_ROWS = 4096;

/**
 * CSV (RFC 4180, lines end in \n). Words are 0x..., empty values are empty cells. The default dialect is a row style;
 * csv-stringify writes any other. Both give the same output for the same dialect.
 */
export const csv: Exporter = {
  name: 'csv',
  options: [
    {
      name: 'delimiter',
      type: 'string',
      default: ',',
      argument: 'character',
      help: 'character between cells',
      check: (value) =>
        [...String(value)].length !== 1 || /["\r\n]/.test(String(value))
          ? 'it must be one character, and neither a quotation mark nor the end of a line'
          : undefined,
    },
    { name: 'header', type: 'boolean', default: true, help: 'first line with the names of the columns' },
    {
      name: 'safe',
      type: 'boolean',
      default: false,
      help: 'write an apostrophe before names that a spreadsheet would take for a formula',
    },
    wordsOption,
    { name: 'quoted', type: 'boolean', default: false, help: 'quotation marks around every cell' },
  ],

  plan(columns, options) {
    const delimiter = String(options.delimiter);
    if (!/[,;\t|]/.test(delimiter) || options.quoted) {
      return { kind: 'rows', write: (rows, sink) => writeAny(rows, columns, sink, options) };
    }
    return {
      kind: 'text',
      style: {
        before: columns.map((_, i) => (i === 0 ? '' : delimiter)),
        end: '\n',
        empty: '',
        quote: '',
        names: options.safe ? 'safe csv' : 'csv',
        delimiter,
        words: wordsOf(options),
      },
      head: options.header ? `${columns.map(({ name }) => csvText(name, delimiter)).join(delimiter)}\n` : '',
      foot: '',
      emptyFoot: '',
      separator: 0,
    };
  },
};

/** Writes any dialect with csv-stringify; the tests compare the row style with it. */
export async function writeAny(
  rows: AsyncIterable<TableRows> | Iterable<TableRows>,
  columns: readonly ColumnSpec[],
  sink: Sink,
  options: OptionValues,
): Promise<void> {
  const names = columns.map((c) => c.name);
  const stringifier = stringify({
    delimiter: String(options.delimiter ?? ','),
    quoted: options.quoted === true,
    header: options.header !== false,
    columns: names,
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
    const cells = cellTexts(batch, names, options.safe ? harmless : undefined, wordsOf(options));
    for (let i = 0; i < indices.length; i++) {
      const row = indices[i]!;
      stringifier.write(cells.map((cell) => cell(row)));
      if (i % CHUNK_ROWS === CHUNK_ROWS - 1) await drain();
    }
    await drain();
  }
  const ended = new Promise((resolve) => stringifier.once('end', resolve));
  stringifier.end();
  await drain();
  stringifier.resume();
  await ended;
}
