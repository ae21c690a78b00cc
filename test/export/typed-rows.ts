import { setText } from '../../src/table/cells.ts';
import type { Column, ColumnSpec } from '../../src/table/column.ts';
import { nameOf } from '../../src/table/column.ts';
import type { Table } from '../../src/table/table.ts';
import { valueTypeOf, type WordSign } from '../../src/table/value-type.ts';

/** What a cell is in a typed format; null where it is empty. */
export type TypedValue = bigint | number | string | null;

/** The rows of a table, as typed formats must give them back. */
export async function typedRows(table: Table, words: WordSign = 'unsigned'): Promise<TypedValue[][]> {
  const all: TypedValue[][] = [];
  for await (const { batch, rows } of table.rows()) {
    const cells = table.columns.map((spec) => cellOf(spec, batch.columns.get(spec.name)!, words));
    for (const row of rows) all.push(cells.map((cell) => cell(row)));
  }
  return all;
}

function cellOf(spec: ColumnSpec, column: Column, words: WordSign): (row: number) => TypedValue {
  const type = valueTypeOf(spec, words);
  return (row) => {
    if (column.empty?.[row]) return null;
    switch (column.kind) {
      case 'number':
        return type === 'int32' || type === 'double' ? column.values[row]! : BigInt(column.values[row]!);
      case 'word': {
        const word = (BigInt(column.high[row]!) << 32n) | BigInt(column.low[row]!);
        return type === 'int64' ? BigInt.asIntN(64, word) : word;
      }
      case 'name':
        return nameOf(column.names, column.codes[row]!) || null;
      case 'set':
        return setText(column.low[row]!, column.high[row]!, column.names) || null;
    }
  };
}
