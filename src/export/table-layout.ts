import { alignOf, type ColumnSpec } from '../table/column.ts';

/** Minimum width to which a column of names is cut. */
const MIN_NAME = 12;
/** Minimum width to which a set is wrapped. */
const MIN_SET = 20;
const CUT = '…';

/**
 * Computes the width of each column from the length of its longest text; 0 means that the column is left out. To save room,
 * first a set in the last column is wrapped, then the columns in `spare` are left out, then names are cut, then columns are
 * left out from the right.
 */
export function tableWidths(
  columns: readonly ColumnSpec[],
  longest: readonly number[],
  room: number | undefined,
  spare: readonly string[] = [],
): number[] {
  const widths = columns.map(({ name, width }, i) => Math.max(name.length, width ?? 0, longest[i]!));
  if (room === undefined) return widths;
  const excess = (): number => widths.reduce((sum, w) => sum + (w > 0 ? w + 1 : 0), -1) - room;
  const shrink = (i: number, least: number): void => {
    if (widths[i]! > least) widths[i] = Math.max(least, widths[i]! - Math.max(0, excess()));
  };
  const last = columns.length - 1;
  const wraps = columns[last]?.kind === 'set';
  if (wraps) {
    // later rows may have longer sets
    widths[last] = Math.max(widths[last]!, MIN_SET);
    shrink(last, MIN_SET);
  }
  for (const name of spare) {
    const i = columns.findIndex((c) => c.name === name);
    if (i >= 0 && excess() > 0) widths[i] = 0;
  }
  for (const [i, { kind, name }] of columns.entries()) {
    if (kind === 'name' || (kind === 'set' && i !== last)) shrink(i, Math.max(MIN_NAME, name.length));
  }
  for (let i = last - (wraps ? 1 : 0); i > 0 && excess() > 0; i--) widths[i] = 0;
  if (wraps && last > 0 && excess() > 0) widths[last] = 0;
  if (wraps && widths[last]! > 0) widths[last]! -= excess();
  return widths;
}

/** A row as text, on several lines if a set in the last column is wrapped. */
export function tableLine(
  cells: readonly string[],
  columns: readonly ColumnSpec[],
  widths: readonly number[],
  room: number | undefined,
): string {
  const parts: string[] = [];
  const more: string[] = [];
  for (let i = 0; i < cells.length; i++) {
    const width = widths[i]!;
    if (width === 0) continue;
    let cell = cells[i]!;
    if (room !== undefined && cell.length > width) {
      if (i === cells.length - 1 && columns[i]!.kind === 'set') {
        const [first, ...rest] = wrapped(cell, width);
        cell = first!;
        more.push(...rest);
      } else cell = `${cell.slice(0, width - 1)}${CUT}`;
    }
    parts.push(alignOf(columns[i]!) === 'right' ? cell.padStart(width) : cell.padEnd(width));
  }
  const indent = ' '.repeat(Math.max(0, parts.slice(0, -1).join(' ').length + 1));
  return [parts.join(' ').trimEnd(), ...more.map((line) => indent + line), ''].join('\n');
}

/** Wraps a set to lines of at most `width` characters, broken before a |. Longer names are not broken. */
function wrapped(set: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const [i, name] of set.split('|').entries()) {
    const next = i === 0 ? name : `|${name}`;
    if (line !== '' && line.length + next.length > width) {
      lines.push(line);
      line = next;
    } else line += next;
  }
  return [...lines, line];
}
