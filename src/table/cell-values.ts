import { word } from '../core/address.ts';
import { type Column, type ColumnKind, nameOf } from './column.ts';
import type { CellOf } from './rows-table.ts';

/** Returns the value of a cell as plain JavaScript, by the index of its row; undefined for an empty cell. */
export function cellValues(column: Column): (row: number) => CellOf<ColumnKind> {
  const { empty } = column;
  const value = presentValues(column);
  return empty ? (row) => (empty[row] ? undefined : value(row)) : value;
}

function presentValues(column: Column): (row: number) => CellOf<ColumnKind> {
  switch (column.kind) {
    case 'number':
      return (row) => column.values[row];
    case 'word':
      return (row) => word(column.low[row]!, column.high[row]!);
    case 'name':
      return (row) => nameOf(column.names, column.codes[row]!) || undefined;
    case 'set':
      return (row) =>
        column.names.filter(
          (_, bit) => ((bit < 32 ? column.low[row]! >>> bit : column.high[row]! >>> (bit - 32)) & 1) === 1,
        );
  }
}
