import type { ColumnName } from '../decode/columns.ts';
import { columnSpec } from '../decode/columns.ts';
import type { ColumnBatch } from '../decode/decode.ts';
import { cellTexts } from './cells.ts';
import type { Exporter } from './exporter.ts';

const CHUNK_ROWS = 4096;

/** Objects of a batch as JSON text: numbers as numbers, 64-bit words as strings (0x...), empty values as null. */
function objectTexts(batch: ColumnBatch, columns: readonly ColumnName[]): (page: number) => string {
  const cells = cellTexts(batch, columns);
  const keys = columns.map((name, i) => `${i === 0 ? '{' : ','}${JSON.stringify(name)}:`);
  const numbers = columns.map((name) => columnSpec(name)?.kind === 'number');
  const sets = columns.map((name) => columnSpec(name)?.kind === 'set');
  return (page) => {
    let text = '';
    for (let i = 0; i < cells.length; i++) {
      const cell = cells[i]!(page);
      // a set without members is a value, not the lack of one
      text += keys[i]! + (cell === '' && !sets[i] ? 'null' : numbers[i] ? cell : JSON.stringify(cell));
    }
    return `${text}}`;
  };
}

function writer(name: string, start: string, between: string, end: string): Exporter {
  return {
    name,
    async write(rows, columns, sink) {
      let text = start;
      let first = true;
      for await (const { batch, rows: indices } of rows) {
        const object = objectTexts(batch, columns);
        for (let i = 0; i < indices.length; i++) {
          text += (first ? '' : between) + object(indices[i]!);
          first = false;
          if (i % CHUNK_ROWS === CHUNK_ROWS - 1) {
            await sink(text);
            text = '';
          }
        }
        await sink(text);
        text = '';
      }
      if (!first || start !== '') await sink(`${text}${end}`);
    },
  };
}

/** One JSON object a line. */
export const ndjson: Exporter = writer('ndjson', '', '\n', '\n');

/** One JSON array of objects, one a line. */
export const json: Exporter = writer('json', '[\n', ',\n', '\n]\n');
