import { printableJson } from '../core/printable.ts';
import type { ColumnName } from '../decode/columns/registry.ts';
import type { BulkFormat, Exporter } from './exporter.ts';

/** Objects: numbers as numbers, 64-bit words as strings (0x...), empty values as null, sets as one string. */
function objects(columns: readonly ColumnName[], between: string): BulkFormat {
  return {
    before: columns.map((name, i) => `${i === 0 ? '{' : ','}${JSON.stringify(name)}:`),
    end: `}${between}`,
    empty: 'null',
    quote: '"',
    text: (value) => printableJson(value),
    head: '',
    foot: '',
    emptyFoot: '',
    separator: 0,
  };
}

/** One JSON object a line. */
export const ndjson: Exporter = {
  name: 'ndjson',
  bulk: (columns) => objects(columns, '\n'),
};

/** One JSON array of objects, one a line. */
export const json: Exporter = {
  name: 'json',
  bulk: (columns) => ({
    ...objects(columns, ',\n'),
    head: '[\n',
    foot: '\n]\n',
    emptyFoot: ']\n',
    separator: 2,
  }),
};
