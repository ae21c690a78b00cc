import { word } from '../core/address.ts';
import type { Column, ColumnName } from '../decode/columns.ts';
import type { ColumnBatch } from '../decode/decode.ts';
import { setText } from '../decode/flag-names.ts';

/** Gives the text of one cell; empty text for an empty value. */
export type CellText = (page: number) => string;

/** Columns whose values mean nothing where the struct page could not be read. */
const ALWAYS: ReadonlySet<ColumnName> = new Set<ColumnName>(['pfn', 'phys', 'page', 'section', 'state']);

/** Whether a column means something even where the struct page could not be read. */
export function isAlwaysKnown(name: ColumnName): boolean {
  return ALWAYS.has(name);
}

/** How the cells of each column of a batch are written, in the order of `names`. */
export function cellTexts(batch: ColumnBatch, names: readonly ColumnName[]): CellText[] {
  const { states } = batch;
  return names.map((name) => {
    const text = cellText(batch.columns.get(name)!);
    return ALWAYS.has(name) ? text : (page) => (states[page] === 0 ? text(page) : '');
  });
}

function cellText(column: Column): CellText {
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
      return (page) => names[codes[page]!] ?? String(codes[page]);
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
          text = setText(l, h, names);
          known.set(key, text);
        }
        return text;
      };
    }
  }
}

function wordText(low: number, high: number): string {
  return high === 0 ? `0x${low.toString(16)}` : `0x${word(low, high).toString(16)}`;
}
