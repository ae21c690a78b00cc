import { printable } from '../core/printable.ts';
import { cellTexts, longestText } from '../table/cells.ts';
import { alignOf, type ColumnSpec } from '../table/column.ts';
import type { Exporter } from './exporter.ts';

/** Rows that decide how wide the columns are, if the first batch has that many. */
const SAMPLE_ROWS = 4096;
/** Narrowest that a column may be cut to, for the sake of those behind it. */
const MIN_WIDTH = 6;
const CUT = '…';
/** Characters that are handed on at a time; the first ones soon. */
const CHUNK = 65536;
const FIRST_CHUNK = 4096;

/** An aligned table for people; numbers to the right, cut to the width of the terminal where there is one. */
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
  ],

  plan(columns, options) {
    const names = columns.map((c) => c.name);
    const room = options.width === undefined ? undefined : Number(options.width);
    return {
      kind: 'rows',
      async write(rows, sink) {
        let widths: number[] | undefined;
        let chunk = FIRST_CHUNK;
        for await (const { batch, rows: indices } of rows) {
          const cells = cellTexts(batch, names, printable);
          const lineOf = (row: number): string[] => cells.map((cell) => cell(row));
          if (!widths) {
            if (indices.length === 0) continue;
            const sample = indices.subarray(0, SAMPLE_ROWS);
            widths = widthsFor(
              columns,
              names.map((name) => longestText(batch, name, sample, printable)),
              room,
            );
            if (options.header) await sink(line(names, columns, widths, room));
          }
          let text = '';
          for (let i = 0; i < indices.length; i++) {
            text += line(lineOf(indices[i]!), columns, widths, room);
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
            line(
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

/** How wide each column is printed, if the longest texts are of these lengths; a column for which there is no room at all gets 0. */
function widthsFor(
  columns: readonly ColumnSpec[],
  longest: readonly number[],
  room: number | undefined,
): number[] {
  const wanted = columns.map(({ name, width }, i) => Math.max(name.length, width ?? 0, longest[i]!));
  if (room === undefined) return wanted;
  const total = (): number => wanted.reduce((sum, w) => sum + (w > 0 ? w + 1 : 0), -1);
  // first names and sets give way, being the longest; then whole columns from the right
  const soft = columns.flatMap(({ kind }, i) => (kind === 'set' || kind === 'name' ? [i] : []));
  while (total() > room) {
    const widest = soft.filter((i) => wanted[i]! > MIN_WIDTH * 2).sort((a, b) => wanted[b]! - wanted[a]!)[0];
    if (widest === undefined) break;
    wanted[widest]!--;
  }
  for (let i = columns.length - 1; i > 0 && total() > room; i--) wanted[i] = 0;
  return wanted;
}

function line(
  cells: readonly string[],
  columns: readonly ColumnSpec[],
  widths: readonly number[],
  room: number | undefined,
): string {
  const parts: string[] = [];
  for (let i = 0; i < cells.length; i++) {
    const width = widths[i]!;
    if (width === 0) continue;
    let cell = cells[i]!;
    if (room !== undefined && cell.length > width) cell = `${cell.slice(0, width - 1)}${CUT}`;
    parts.push(alignOf(columns[i]!) === 'right' ? cell.padStart(width) : cell.padEnd(width));
  }
  return `${parts.join(' ').trimEnd()}\n`;
}
