import { groupPages } from '../inspector/group-pages.ts';
import type { ColumnSpec } from '../table/column.ts';
import type { RowOf } from '../table/rows-table.ts';
import { defineTable, type TableDefinition, tellGaps } from './table-definition.ts';

const NUMBERS = [
  { name: 'pages', kind: 'number', help: 'page frames' },
  { name: 'kib', kind: 'number', help: 'the same in KiB' },
] as const satisfies readonly ColumnSpec[];

/**
 * Pages counted by the values of some page columns, largest group first. `where` excludes pages that belong to nobody. The
 * last row, whose columns are empty, has the pages without an owner.
 */
function groupedBy(
  name: string,
  help: string,
  columns: readonly ColumnSpec[],
  where: string,
): TableDefinition {
  const names = columns.map((c) => c.name);
  return defineTable({
    name,
    help,
    columns: [...columns.map((c) => ({ ...c, mayBeEmpty: true })), ...NUMBERS] as readonly ColumnSpec[],
    *rows(inspector, trouble): Generator<RowOf<readonly ColumnSpec[]>> {
      const kib = 2 ** inspector.kernel.pageShift / 1024;
      const isNobodys = (values: readonly string[]): number => Number(values.every((v) => v === ''));
      const groups = groupPages(inspector, names, { where });
      for (const { values, pages } of groups.sort((a, b) => isNobodys(a.values) - isNobodys(b.values))) {
        const own = names.map((n, i) => [n, values[i] === '' ? undefined : values[i]]);
        yield { ...Object.fromEntries(own), pages, kib: pages * kib };
      }
      tellGaps(inspector, trouble);
    },
  });
}

/** Page cache by file. */
export const files: TableDefinition = groupedBy(
  'files',
  'memory that caches files: a row for each file',
  [{ name: 'file', kind: 'name', help: 'its path, or another of its names' }],
  'mapping_kind == file',
);

/** Memory charged to cgroups. */
export const memcgs: TableDefinition = groupedBy(
  'memcgs',
  'memory charged to memory cgroups, without slab objects',
  [{ name: 'memcg', kind: 'name', help: 'path of the cgroup; "(dying)" if it was removed' }],
  // what is allocated, by struct pages alone: classes take long
  'type != buddy && !(flags has reserved) && (refcount != 0 || is_tail == 1)',
);

/** Memory of vmalloc() by the function that allocated it. */
export const callSites: TableDefinition = groupedBy(
  'call_sites',
  'vmalloc() memory by the function that allocated it',
  [{ name: 'call_site', kind: 'name', help: 'function that allocated the pages' }],
  'call_site is not empty',
);

/** Memory by its purpose. */
export const classes: TableDefinition = groupedBy(
  'classes',
  'memory by class of pages',
  [
    { name: 'class', kind: 'name', help: 'class of the pages' },
    { name: 'subclass', kind: 'name', help: 'subclass, if the class has any' },
  ],
  'class != hole',
);
