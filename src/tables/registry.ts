import { UsageError } from '../core/errors.ts';
import type { Inspector } from '../inspector/inspector.ts';
import { batchesOf } from '../table/rows-table.ts';
import type { Table } from '../table/table.ts';
import { balance } from './balance.ts';
import { freeBlocks } from './free-blocks.ts';
import { mappings } from './mappings.ts';
import { classes, files, memcgs } from './page-groups.ts';
import { processes } from './processes.ts';
import { sections } from './sections.ts';
import { slab } from './slab.ts';
import type { TableDefinition, Trouble } from './table-definition.ts';
import { zones } from './zones.ts';

/** Every table besides that of the pages. */
export const TABLES: readonly TableDefinition[] = [
  zones,
  sections,
  freeBlocks,
  slab,
  balance,
  processes,
  mappings,
  files,
  memcgs,
  classes,
];

/** The definition of a table. Throws UsageError with the names that there are. */
export function tableDefinition(name: string): TableDefinition {
  const found = TABLES.find((t) => t.name === name);
  if (found) return found;
  throw new UsageError(`there is no table '${name}'; choose ${TABLES.map((t) => t.name).join(', ')}`);
}

/** A table of an open image. Rows are computed when they are asked for; `trouble` is told what cannot be read. */
export function openTable(
  inspector: Inspector,
  definition: TableDefinition,
  trouble: Trouble = () => {},
): Table {
  const { name, columns } = definition;
  return { name, columns, rows: () => batchesOf(columns, definition.rows(inspector, trouble)) };
}
