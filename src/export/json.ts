import type { ColumnName } from '../decode/columns.ts';
import type { Exporter } from './exporter.ts';
import { RowEncoder, type RowStyle } from './row-encoder.ts';

/** Objects: numbers as numbers, 64-bit words as strings (0x...), empty values as null, sets as one string. */
function styleOf(columns: readonly ColumnName[], between: string): RowStyle {
  return {
    before: columns.map((name, i) => `${i === 0 ? '{' : ','}${JSON.stringify(name)}:`),
    end: `}${between}`,
    empty: 'null',
    quote: '"',
    text: (value) => JSON.stringify(value),
  };
}

/** One JSON object a line. */
export const ndjson: Exporter = {
  name: 'ndjson',
  async write(rows, columns, sink) {
    const encoder = new RowEncoder(columns, styleOf(columns, '\n'));
    for await (const { batch, rows: indices } of rows) {
      for (const bytes of encoder.encode(batch, indices)) await sink(bytes);
    }
  },
};

/** One JSON array of objects, one a line. */
export const json: Exporter = {
  name: 'json',
  async write(rows, columns, sink) {
    const encoder = new RowEncoder(columns, styleOf(columns, ',\n'));
    await sink('[\n');
    // the comma behind an object is known to be right only when the next one comes
    let held = false;
    for await (const { batch, rows: indices } of rows) {
      for (const bytes of encoder.encode(batch, indices)) {
        if (held) await sink(',\n');
        await sink(bytes.subarray(0, -2));
        held = true;
      }
    }
    await sink(held ? '\n]\n' : ']\n');
  },
};
