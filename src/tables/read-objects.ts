import { readOr } from '../core/errors.ts';
import type { Inspector } from '../inspector/inspector.ts';
import { PROC_FILES } from '../proc/registry.ts';
import { noCounts } from '../scan/scan.ts';
import { processAreas } from './process-areas.ts';
import { TABLES } from './registry.ts';
import type { TableDefinition } from './table-definition.ts';

/** Columns that the kernel's objects decide. */
const COLUMNS = ['class', 'refs_unexplained', 'owner', 'inode', 'process', 'vaddr', 'call_site'] as const;

/** Reads every object of the kernel that a column, a table or a file of /proc is made from. What cannot be read is left out. */
export function readObjects(inspector: Inspector): void {
  const trouble = (): void => {};
  for (const _ of inspector.selectSync({ columns: COLUMNS }, noCounts())) {
    // finds them for all pages
  }
  for (const { text } of PROC_FILES) readOr('', () => text(inspector, trouble));
  const rowsOf = (table: TableDefinition): readonly Readonly<Record<string, unknown>>[] =>
    readOr([], () => {
      const rows = table.rows(inspector, trouble);
      return Symbol.iterator in rows ? [...rows] : [];
    });
  for (const table of TABLES) {
    const rows = rowsOf(table);
    if (table.name !== 'processes') continue;
    for (const { pid } of rows) rowsOf(processAreas(pid as number));
  }
}
