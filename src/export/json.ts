import type { ColumnSpec } from '../table/column.ts';
import type { Exporter, TextFormat } from './exporter.ts';
import type { OptionValues } from './options.ts';
import { wordsOf, wordsOption } from './words-option.ts';

/** Objects with numbers as numbers, 64-bit words as strings (0x...), empty values as null, and sets as one string. */
function objects(columns: readonly ColumnSpec[], between: string, options: OptionValues): TextFormat {
  return {
    style: {
      before: columns.map(({ name }, i) => `${i === 0 ? '{' : ','}${JSON.stringify(name)}:`),
      end: `}${between}`,
      empty: 'null',
      quote: '"',
      names: 'json',
      delimiter: ',',
      words: wordsOf(options),
    },
    head: '',
    foot: '',
    emptyFoot: '',
    separator: 0,
  };
}

/** One JSON object per line. */
export const ndjson: Exporter = {
  name: 'ndjson',
  options: [wordsOption],
  plan: (columns, options) => ({ kind: 'text', ...objects(columns, '\n', options) }),
};

/** One JSON array of objects, one per line. */
export const json: Exporter = {
  name: 'json',
  options: [wordsOption],
  plan: (columns, options) => ({
    kind: 'text',
    ...objects(columns, ',\n', options),
    head: '[\n',
    foot: '\n]\n',
    emptyFoot: ']\n',
    separator: 2,
  }),
};
