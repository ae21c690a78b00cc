import { SMALLEST_PAGE } from '../core/address.ts';
import { printable } from '../core/printable.ts';
import { type ColumnName, columnSpec } from '../decode/columns/registry.ts';
import { alignOf } from '../table/column.ts';
import { cellTexts, longestText } from './cells.ts';
import type { Exporter, ExportOptions } from './exporter.ts';

/** Rows that decide how wide the columns are, if the first batch has that many. */
const SAMPLE_ROWS = 4096;
/** Narrowest that a column may be cut to, for the sake of those behind it. */
const MIN_WIDTH = 6;
const CUT = '…';
/** Characters that are handed on at a time; the first ones soon. */
const CHUNK = 65536;
const FIRST_CHUNK = 4096;
/** 0x and 16 digits. */
const POINTER_WIDTH = 18;

/** An aligned table for people; numbers to the right, cut to the width of the terminal where there is one. */
export const table: Exporter = {
  name: 'table',

  async write(rows, columns, sink, options) {
    let widths: number[] | undefined;
    let chunk = FIRST_CHUNK;
    for await (const { batch, rows: indices } of rows) {
      const cells = cellTexts(batch, columns, printable);
      const lineOf = (page: number): string[] => cells.map((cell) => cell(page));
      if (!widths) {
        if (indices.length === 0) continue;
        const sample = indices.subarray(0, SAMPLE_ROWS);
        const longest = columns.map((name) => longestText(batch, name, sample, printable));
        widths = widthsFor(columns, longest, options);
        if (options.header !== false) await sink(line(columns, columns, widths, options.width));
      }
      let text = '';
      for (let i = 0; i < indices.length; i++) {
        text += line(lineOf(indices[i]!), columns, widths, options.width);
        if (text.length > chunk) {
          await sink(text);
          text = '';
          chunk = CHUNK;
        }
      }
      if (text !== '') await sink(text);
    }
    if (!widths && options.header !== false)
      await sink(
        line(
          columns,
          columns,
          columns.map((c) => c.length),
          options.width,
        ),
      );
  },
};

/** How wide each column is printed, if the longest texts are of these lengths; a column for which there is no room at all gets 0. */
function widthsFor(
  columns: readonly ColumnName[],
  longest: readonly number[],
  options: ExportOptions,
): number[] {
  const room = options.width;
  // rows that come later may have larger pfns, and pointers where there were zeros
  const atLeast = (name: ColumnName): number => {
    const last = options.lastPfn ?? 0;
    const spec = columnSpec(name);
    return (
      spec?.widest?.(last, options.pageBytes ?? SMALLEST_PAGE).length ??
      (spec?.kind === 'word' ? POINTER_WIDTH : 0)
    );
  };
  const wanted = columns.map((name, i) => Math.max(name.length, atLeast(name), longest[i]!));
  if (room === undefined) return wanted;
  const total = (): number => wanted.reduce((sum, w) => sum + (w > 0 ? w + 1 : 0), -1);
  // first names and sets give way, being the longest; then whole columns from the right
  const soft = columns
    .map((name, i) => ({ i, kind: columnSpec(name)?.kind }))
    .filter((c) => c.kind === 'set' || c.kind === 'name');
  while (total() > room) {
    const widest = soft
      .filter(({ i }) => wanted[i]! > MIN_WIDTH * 2)
      .sort((a, b) => wanted[b.i]! - wanted[a.i]!)[0];
    if (!widest) break;
    wanted[widest.i]!--;
  }
  for (let i = columns.length - 1; i > 0 && total() > room; i--) wanted[i] = 0;
  return wanted;
}

function line(
  cells: readonly string[],
  columns: readonly ColumnName[],
  widths: readonly number[],
  room: number | undefined,
): string {
  const parts: string[] = [];
  for (let i = 0; i < cells.length; i++) {
    const width = widths[i]!;
    if (width === 0) continue;
    let cell = cells[i]!;
    if (room !== undefined && cell.length > width) cell = `${cell.slice(0, width - 1)}${CUT}`;
    const spec = columnSpec(columns[i]!);
    parts.push(spec && alignOf(spec) === 'right' ? cell.padStart(width) : cell.padEnd(width));
  }
  return `${parts.join(' ').trimEnd()}\n`;
}
