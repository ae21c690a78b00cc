import { UsageError } from '../core/errors.ts';
import { aboutOf } from '../inspector/about.ts';
import type { Inspector } from '../inspector/inspector.ts';
import { batchesOf } from '../table/rows-table.ts';
import type { Table } from '../table/table.ts';
import { balance } from './balance.ts';
import { folios } from './folios.ts';
import { fragmentationIndex } from './fragmentation-index.ts';
import { freeBlocks } from './free-blocks.ts';
import { freeLists } from './free-lists.ts';
import { mappings } from './mappings.ts';
import { dyingMemcgs, memcgTree } from './memcg-pages.ts';
import { mounts } from './mounts.ts';
import { callSites, classes, files, memcgs } from './page-groups.ts';
import { pageblocks } from './pageblocks.ts';
import { processes } from './processes.ts';
import { remainder } from './remainder.ts';
import { sections } from './sections.ts';
import { slab } from './slab.ts';
import type { TableDefinition, Trouble } from './table-definition.ts';
import { tasks } from './tasks.ts';
import { containers, users } from './usage-groups.ts';
import { zones } from './zones.ts';

/** Every table except that of the pages. */
export const TABLES: readonly TableDefinition[] = [
  zones,
  sections,
  folios,
  freeBlocks,
  freeLists,
  fragmentationIndex,
  pageblocks,
  slab,
  balance,
  remainder,
  processes,
  mappings,
  files,
  memcgs,
  classes,
  callSites,
  users,
  containers,
  memcgTree,
  dyingMemcgs,
  tasks,
  mounts,
];

/** Finds the definition of a table. Throws UsageError with the known names. */
export function tableDefinition(name: string): TableDefinition {
  const found = TABLES.find((t) => t.name === name);
  if (found) return found;
  throw new UsageError(`there is no table '${name}'; choose ${TABLES.map((t) => t.name).join(', ')}`);
}

/** Opens a table of an image. Rows are computed on demand; `trouble` receives what cannot be read. */
export function openTable(
  inspector: Inspector,
  definition: TableDefinition,
  trouble: Trouble = () => {},
): Table {
  const { name, columns } = definition;
  const about = () => aboutOf(inspector, name);
  return { name, columns, about, rows: () => batchesOf(columns, definition.rows(inspector, trouble)) };
}
