import { printable } from '../core/printable.ts';
import { cellTexts, longestText } from '../table/cells.ts';
import type { Exporter } from './exporter.ts';
import { tableLine, tableWidths } from './table-layout.ts';

/** Number of rows in the first batch, which decide the widths. */
const SAMPLE_ROWS = 4096;
/** Number of characters passed on at a time; fewer at first. */
const CHUNK = 65536;
const FIRST_CHUNK = 4096;

/** An aligned table for people, with numbers on the right, fitted to the width of the terminal if it is known. */
export const table: Exporter = {
  name: 'table',
  options: [
    { name: 'header', type: 'boolean', default: true, help: 'first line with the names of the columns' },
    {
      name: 'width',
      type: 'number',
      internal: true,
      help: 'columns of the terminal; unlimited if not given',
      check: (value) => (Number(value) >= 1 ? undefined : 'it must be at least 1'),
    },
    {
      name: 'spare',
      type: 'string',
      default: '',
      internal: true,
      help: 'columns to leave out first if the terminal is too narrow, with commas between',
    },
  ],

  plan(columns, options) {
    const names = columns.map((c) => c.name);
    const room = options.width === undefined ? undefined : Number(options.width);
    return {
      kind: 'rows',
      async write(rows, sink, note) {
        let widths: number[] | undefined;
        let chunk = FIRST_CHUNK;
        for await (const { batch, rows: indices } of rows) {
          const cells = cellTexts(batch, names, printable);
          const lineOf = (row: number): string[] => cells.map((cell) => cell(row));
          if (!widths) {
            if (indices.length === 0) continue;
            const sample = indices.subarray(0, SAMPLE_ROWS);
            const longest = names.map((name) => longestText(batch, name, sample, printable));
            widths = tableWidths(columns, longest, room, String(options.spare).split(','));
            const left = names.filter((_, i) => widths![i] === 0);
            if (left.length > 0) note?.(`the terminal is too narrow for ${left.join(', ')}`);
            if (options.header) await sink(tableLine(names, columns, widths, room));
          }
          let text = '';
          for (let i = 0; i < indices.length; i++) {
            text += tableLine(lineOf(indices[i]!), columns, widths, room);
            if (text.length > chunk) {
              await sink(text);
              text = '';
              chunk = CHUNK;
            }
          }
          if (text !== '') await sink(text);
        }
        if (!widths && options.header) {
          await sink(
            tableLine(
              names,
              columns,
              names.map((n) => n.length),
              room,
            ),
          );
        }
      },
    };
  },
};
