import { word } from '../core/address.ts';
import { type ColumnName, pageColumn } from '../decode/columns/registry.ts';
import type { ColumnBatch } from '../decode/decode.ts';
import { setText } from '../decode/flag-names.ts';
import type { Column } from '../table/column.ts';

/** Gives the text of one cell; empty text for an empty value. */
export type CellText = (page: number) => string;

/**
 * How the cells of each column of a batch are written, in the order of `names`. `shown` is applied to all that a dump
 * can call as it likes: names, and sets of them.
 */
export function cellTexts(
  batch: ColumnBatch,
  names: readonly ColumnName[],
  shown: (text: string) => string = exact,
): CellText[] {
  const { states } = batch;
  return names.map((name) => {
    const text = cellText(batch.columns.get(name)!, shown);
    return pageColumn(name).ofPlace ? text : (page) => (states[page] === 0 ? text(page) : '');
  });
}

const exact = (text: string): string => text;

function cellText(column: Column, shown: (text: string) => string): CellText {
  switch (column.kind) {
    case 'number': {
      const { values, empty } = column;
      return (page) => (empty?.[page] ? '' : String(values[page]));
    }
    case 'word': {
      const { low, high, empty } = column;
      return (page) => (empty?.[page] ? '' : wordText(low[page]!, high[page]!));
    }
    case 'name': {
      const { codes, names } = column;
      return (page) => shown(names[codes[page]!] ?? String(codes[page]));
    }
    case 'set': {
      const { low, high, names } = column;
      const known = new Map<number, string>();
      return (page) => {
        const l = low[page]!;
        const h = high[page]!;
        const key = h * 4294967296 + l;
        let text = known.get(key);
        if (text === undefined) {
          text = shown(setText(l, h, names));
          known.set(key, text);
        }
        return text;
      };
    }
  }
}

/** The length of the longest text that `cellTexts` gives for a column in these rows; it makes the text of few of them. */
export function longestText(
  batch: ColumnBatch,
  name: ColumnName,
  rows: Uint32Array,
  shown: (text: string) => string,
): number {
  const column = batch.columns.get(name)!;
  const text = cellText(column, shown);
  const empty = 'empty' in column ? column.empty : undefined;
  const always = pageColumn(name).ofPlace;
  let longest = 0;
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let lastLow = -1;
  let lastHigh = -1;
  for (const page of rows) {
    if (empty?.[page] || (!always && batch.states[page] !== 0)) continue;
    if (column.kind === 'number') {
      const value = column.values[page]!;
      if (value < least) least = value;
      if (value > most) most = value;
      continue;
    }
    const low = column.kind === 'name' ? column.codes[page]! : column.low[page]!;
    const high = column.kind === 'name' ? 0 : column.high[page]!;
    if (column.kind === 'word') {
      const value = high * 4294967296 + low;
      if (value > most) {
        most = value;
        longest = text(page).length;
      }
    } else if (low !== lastLow || high !== lastHigh) {
      lastLow = low;
      lastHigh = high;
      longest = Math.max(longest, text(page).length);
    }
  }
  if (column.kind !== 'number' || most < least) return longest;
  return Math.max(String(least).length, String(most).length);
}

function wordText(low: number, high: number): string {
  return high === 0 ? `0x${low.toString(16)}` : `0x${word(low, high).toString(16)}`;
}
