import { UsageError } from '../../core/errors.ts';
import type { Column, ColumnOf } from '../../table/column.ts';
import type { ColumnName, KindOf } from './registry.ts';

/** The type of a column's values by its name; any kind if the name is only known at run time. */
export type ColumnNamed<K extends string> = K extends ColumnName ? ColumnOf<KindOf<K>> : Column;

/** The columns of a batch by name, in the requested order; `N` is the union of their names. */
export class PageColumns<N extends string = ColumnName> extends Map<string, Column> {
  /** Returns the column with a name, typed by its kind. Throws UsageError if it was not requested. */
  override get<K extends string>(name: K): K extends N ? ColumnNamed<K> : never {
    const column = super.get(name);
    if (column) return column as K extends N ? ColumnNamed<K> : never;
    throw new UsageError(`column '${name}' was not asked for; there are ${[...this.keys()].join(', ')}`);
  }
}
