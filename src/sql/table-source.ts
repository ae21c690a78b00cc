import type { Inspector } from '../inspector/inspector.ts';
import { batchesOfSync } from '../table/rows-table.ts';
import type { TableDefinition, Trouble } from '../tables/table-definition.ts';
import type { SqlTable } from './source.ts';

/** A table of src/tables, whose rows are made whole whatever columns are asked for. */
export function tableSource(inspector: Inspector, definition: TableDefinition, trouble: Trouble): SqlTable {
  const { name, columns } = definition;
  return {
    name,
    columns,
    *rows() {
      const rows = definition.rows(inspector, trouble);
      if (!(Symbol.iterator in rows))
        throw new TypeError(`the rows of ${name} come late, which SQL cannot wait for`);
      for (const { batch } of batchesOfSync(columns, rows)) {
        yield { count: batch.count, column: (of) => batch.columns.get(of)! };
      }
    },
  };
}
