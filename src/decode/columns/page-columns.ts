import { UsageError } from '../../core/errors.ts';
import type { Column, ColumnOf } from '../../table/column.ts';
import type { ColumnName, KindOf } from './registry.ts';

/** The values of the column of a name; those of any kind where the name is only known when the program runs. */
export type ColumnNamed<K extends string> = K extends ColumnName ? ColumnOf<KindOf<K>> : Column;

/** The columns of a batch by name, in the order in which they were asked for; `N` are their names. */
export class PageColumns<N extends string = ColumnName> extends Map<string, Column> {
  /** The column of a name, which has the type of its kind. Throws UsageError if it is not one of those asked for. */
  override get<K extends string>(name: K): K extends N ? ColumnNamed<K> : never {
    const column = super.get(name);
    if (column) return column as K extends N ? ColumnNamed<K> : never;
    throw new UsageError(`column '${name}' was not asked for; there are ${[...this.keys()].join(', ')}`);
  }
}
