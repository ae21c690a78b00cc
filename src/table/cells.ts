import { word } from '../core/address.ts';
import { type Column, nameOf } from './column.ts';
import type { RowStyle, WordForm } from './row-style.ts';
import { nameText } from './row-style.ts';
import type { TableBatch } from './table.ts';

/** Returns the text of a cell by the index of its row; the empty string for an empty cell. */
export type CellText = (row: number) => string;

/**
 * Makes a writer of cells for each column of a batch, in the order of `names`. `shown` is applied to all text that a dump
 * chooses: names and sets of names.
 */
export function cellTexts(
  batch: TableBatch,
  names: readonly string[],
  shown: (text: string) => string = exact,
  words: WordForm = 'hex',
): CellText[] {
  return names.map((name) => cellText(batch.columns.get(name)!, shown, words));
}

const exact = (text: string): string => text;

/** Makes writers of cells in a row style, without the text before each cell. */
export function styledTexts(batch: TableBatch, names: readonly string[], style: RowStyle): CellText[] {
  return names.map((name) => styledText(batch.columns.get(name)!, style));
}

function styledText(column: Column, style: RowStyle): CellText {
  const { empty: none, quote } = style;
  const { empty } = column;
  const text = cellText(column, exact, style.words);
  switch (column.kind) {
    case 'number':
      return (row) => text(row) || none;
    case 'word':
      if (style.words === 'decimal') return (row) => text(row) || none;
      return (row) => (empty?.[row] ? none : quote + text(row) + quote);
    case 'name':
      return (row) => {
        const name = text(row);
        return name === '' ? none : nameText(style, name);
      };
    case 'set':
      return (row) => (empty?.[row] ? none : nameText(style, text(row)));
  }
}

function cellText(column: Column, shown: (text: string) => string, words: WordForm = 'hex'): CellText {
  const { empty } = column;
  const text = valueText(column, shown, words);
  return empty ? (row) => (empty[row] ? '' : text(row)) : text;
}

function valueText(column: Column, shown: (text: string) => string, words: WordForm): CellText {
  switch (column.kind) {
    case 'number': {
      const { values } = column;
      return (row) => String(values[row]);
    }
    case 'word': {
      const { low, high } = column;
      if (words === 'decimal') return (row) => String(word(low[row]!, high[row]!));
      return (row) => wordText(low[row]!, high[row]!);
    }
    case 'name': {
      const { codes, names } = column;
      return (row) => shown(nameOf(names, codes[row]!));
    }
    case 'set': {
      const { low, high, names } = column;
      const known = new Map<number, string>();
      return (row) => {
        const l = low[row]!;
        const h = high[row]!;
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

/** The length of the longest text of a column in these rows. Computes few of the texts. */
export function longestText(
  batch: TableBatch,
  name: string,
  rows: Uint32Array,
  shown: (text: string) => string,
): number {
  const column = batch.columns.get(name)!;
  const text = cellText(column, shown);
  const { empty } = column;
  let longest = 0;
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let lastLow = -1;
  let lastHigh = -1;
  for (const row of rows) {
    if (empty?.[row]) continue;
    if (column.kind === 'number') {
      const value = column.values[row]!;
      if (!Number.isInteger(value)) longest = Math.max(longest, text(row).length);
      if (value < least) least = value;
      if (value > most) most = value;
      continue;
    }
    const low = column.kind === 'name' ? column.codes[row]! : column.low[row]!;
    const high = column.kind === 'name' ? 0 : column.high[row]!;
    if (column.kind === 'word') {
      const value = high * 4294967296 + low;
      if (value > most) {
        most = value;
        longest = text(row).length;
      }
    } else if (low !== lastLow || high !== lastHigh) {
      lastLow = low;
      lastHigh = high;
      longest = Math.max(longest, text(row).length);
    }
  }
  if (column.kind !== 'number' || most < least) return longest;
  return Math.max(longest, String(least).length, String(most).length);
}

/** The names in a set, joined by `|`. */
export function setText(low: number, high: number, names: readonly string[]): string {
  let text = '';
  for (let bit = 0; bit < names.length; bit++) {
    const on = bit < 32 ? (low >>> bit) & 1 : (high >>> (bit - 32)) & 1;
    if (on) text = text === '' ? names[bit]! : `${text}|${names[bit]}`;
  }
  return text;
}

function wordText(low: number, high: number): string {
  return high === 0 ? `0x${low.toString(16)}` : `0x${word(low, high).toString(16)}`;
}
