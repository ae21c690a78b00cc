import { type ColumnName, pageColumn } from '../../src/decode/columns/registry.ts';
import type { ColumnBatch } from '../../src/decode/decode.ts';
import type { Column } from '../../src/table/column.ts';

/** What differs between two decodings of the same pages: the first few pages of each column. */
export function differences(
  ours: ColumnBatch,
  twin: ColumnBatch,
  raw: { readonly states: Uint8Array },
  names: readonly ColumnName[],
): string[] {
  const found: string[] = [];
  for (const name of names) {
    const a = values(ours.columns.get(name)!);
    const b = values(twin.columns.get(name)!);
    for (let i = 0; i < twin.count && found.length < 5; i++) {
      // the twin gives out whatever was there in place of a struct page that cannot be read
      const want = raw.states[i] === 0 || pageColumn(name).ofPlace ? b(i) : '';
      if (a(i) !== want) found.push(`${name} of page ${i} (state ${raw.states[i]}): ${a(i)}, not ${want}`);
    }
  }
  return found;
}

function values(column: Column): (i: number) => string {
  switch (column.kind) {
    case 'number':
      return (i) => (column.empty?.[i] ? '' : String(column.values[i]));
    case 'word':
      return (i) => (column.empty?.[i] ? '' : `${column.high[i]} ${column.low[i]}`);
    case 'name':
      return (i) => (column.empty?.[i] ? '' : `${column.codes[i]} ${column.names[column.codes[i]!]}`);
    case 'set':
      return (i) => (column.empty?.[i] ? '' : `${column.high[i]} ${column.low[i]}`);
  }
}
