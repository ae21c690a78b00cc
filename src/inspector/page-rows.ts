import type { ColumnName, KindOf } from '../decode/columns/registry.ts';
import type { Rows } from '../decode/decode.ts';
import { cellValues } from '../table/cell-values.ts';
import type { Column, ColumnKind } from '../table/column.ts';
import type { CellOf } from '../table/rows-table.ts';

/** A page as an object with numbers, bigints for 64-bit words, names, and arrays of names; undefined for an empty value. */
export type PageRow<N extends string = ColumnName> = {
  readonly [K in N]: K extends ColumnName ? CellOf<KindOf<K>> : CellOf<ColumnKind>;
};

/** The rows of a batch as objects. */
export function* rowObjects<N extends string>({ batch, rows }: Rows<N>): Generator<PageRow<N>> {
  const names = [...batch.columns.keys()];
  const values = names.map((name) => cellValues(batch.columns.get(name as unknown as N) as Column));
  for (const row of rows) {
    const object: Record<string, unknown> = {};
    for (const [i, name] of names.entries()) object[name] = values[i]!(row);
    yield object as PageRow<N>;
  }
}
