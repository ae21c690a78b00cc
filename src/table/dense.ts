import type { Column } from './column.ts';
import type { TableBatch, TableRows } from './table.ts';

/** Copies the selected rows of a batch into a batch of their own. */
export function dense({ batch, rows }: TableRows): TableBatch {
  const { count } = batch;
  if (rows.length === count) return batch;
  const columns = new Map<string, Column>();
  for (const [name, column] of batch.columns) columns.set(name, picked(column, rows));
  return { count: rows.length, columns };
}

function picked(column: Column, rows: Uint32Array): Column {
  const empty = column.empty ? { empty: pick(column.empty, rows) } : {};
  switch (column.kind) {
    case 'number':
      return { ...column, values: pick(column.values, rows), ...empty };
    case 'name':
      return { ...column, codes: pick(column.codes, rows), ...empty };
    default:
      return { ...column, low: pick(column.low, rows), high: pick(column.high, rows), ...empty };
  }
}

type Values = Float64Array | Int32Array | Uint32Array | Uint16Array | Int16Array | Uint8Array | Int8Array;

function pick<A extends Values>(values: A, rows: Uint32Array): A {
  const out = new (values.constructor as new (length: number) => A)(rows.length);
  for (let i = 0; i < rows.length; i++) out[i] = values[rows[i]!]!;
  return out;
}
