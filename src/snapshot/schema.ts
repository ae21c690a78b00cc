import { COLUMNS, type ColumnName, checkColumns, pageColumn } from '../decode/columns/registry.ts';
import type { ColumnSpec } from '../table/column.ts';
import type { RowOf } from '../table/rows-table.ts';

/** Grows when columns are added. Columns are never renamed, removed or given another type or meaning. */
export const SNAPSHOT_SCHEMA_VERSION = 1;

/** The tables of a snapshot in the order in which their files are written; a snapshot counts once its file of `hosts` is there. */
export const SNAPSHOT_TABLES = ['pages', 'summary', 'free', 'hosts'] as const;

export type SnapshotTable = (typeof SNAPSHOT_TABLES)[number];

const TIME = {
  name: 'time',
  kind: 'number',
  numbers: 'timestamp',
  help: 'when the snapshot was taken (UTC)',
} as const;
const BOOT_ID = {
  name: 'boot_id',
  kind: 'name',
  help: 'boot ID of the host, with hyphens',
  mayBeEmpty: true,
} as const;
const RELEASE = { name: 'release', kind: 'name', help: 'kernel release' } as const;

/** Columns of all tables; their values are the same in all rows of a file. */
const TAKEN = [TIME as typeof TIME, BOOT_ID as typeof BOOT_ID, RELEASE as typeof RELEASE] as const;

/** One row: the host and how the snapshot was taken. */
const HOSTS = [
  TIME as typeof TIME,
  BOOT_ID as typeof BOOT_ID,
  RELEASE as typeof RELEASE,
  { name: 'architecture', kind: 'name', help: 'architecture of the kernel' },
  { name: 'page_size', kind: 'number', numbers: 'int32', help: 'bytes of a page' },
  { name: 'version', kind: 'name', help: 'version of structpage' },
  { name: 'schema_version', kind: 'number', numbers: 'int32', help: 'version of this schema' },
  { name: 'pages', kind: 'number', help: 'struct pages present' },
  {
    name: 'managed',
    kind: 'number',
    help: 'pages that the kernel gave to the buddy allocator',
    mayBeEmpty: true,
  },
  { name: 'sample', kind: 'name', help: 'part of the pageblocks in pages: 1/1 or e.g. 1/64' },
  { name: 'lost', kind: 'number', help: 'struct pages that could not be read' },
  { name: 'role', kind: 'name', help: 'role of the host, as the user named it', mayBeEmpty: true },
  { name: 'seconds', kind: 'number', numbers: 'double', help: 'duration of the snapshot' },
  { name: 'format', kind: 'name', help: 'format of the image that was read' },
] as const;

/** Counts in long form: a row for each group. `by` tells what the groups are; columns that do not apply are empty. */
const SUMMARY = [
  TIME as typeof TIME,
  BOOT_ID as typeof BOOT_ID,
  RELEASE as typeof RELEASE,
  { name: 'by', kind: 'name', help: 'kind of group: class, type, free, slab_cache, memcg or pageblock' },
  { name: 'node', kind: 'number', numbers: 'int32', help: 'NUMA node', mayBeEmpty: true },
  { name: 'zone', kind: 'name', help: 'zone', mayBeEmpty: true },
  { name: 'name', kind: 'name', help: 'class, type, slab cache or cgroup', mayBeEmpty: true },
  { name: 'order', kind: 'number', numbers: 'int32', help: 'order of free blocks', mayBeEmpty: true },
  { name: 'migratetype', kind: 'name', help: 'migrate type', mayBeEmpty: true },
  { name: 'pages', kind: 'number', help: 'pages of the group' },
  { name: 'bytes', kind: 'number', help: 'bytes of the group' },
  { name: 'objects', kind: 'number', help: 'active objects of a slab cache', mayBeEmpty: true },
] as const;

/** Free blocks by node, zone, order and migrate type. */
const FREE = [
  TIME as typeof TIME,
  BOOT_ID as typeof BOOT_ID,
  RELEASE as typeof RELEASE,
  { name: 'node', kind: 'number', numbers: 'int32', help: 'NUMA node' },
  { name: 'zone', kind: 'name', help: 'zone' },
  { name: 'order', kind: 'number', numbers: 'int32', help: 'order of the blocks' },
  { name: 'migratetype', kind: 'name', help: 'migrate type of the free list', mayBeEmpty: true },
  { name: 'blocks', kind: 'number', help: 'free blocks' },
] as const;

export type HostsRow = RowOf<typeof HOSTS>;
export type SummaryRow = RowOf<typeof SUMMARY>;
export type FreeRow = RowOf<typeof FREE>;

/** The values that are the same in all rows of a snapshot; `time` in milliseconds since 1970 UTC. */
export type SnapshotFacts = RowOf<typeof TAKEN>;

/** The columns of `pages` unless the user selects others. */
export const SNAPSHOT_PAGE_COLUMNS: readonly ColumnName[] = [
  'pfn',
  'flags',
  'refcount',
  'mapcount',
  'type',
  'class',
  'order',
  'node',
  'zone',
  'mapping_kind',
  'slab_cache',
  'memcg',
];

/** The columns of `time`, `boot_id` and `release`. */
export const FACT_COLUMNS: readonly ColumnSpec[] = TAKEN;

/** Rows of the tables other than `pages`, by table. */
export interface SnapshotRows {
  readonly hosts: HostsRow;
  readonly summary: SummaryRow;
  readonly free: FreeRow;
}

const FIXED: Readonly<Record<keyof SnapshotRows, readonly ColumnSpec[]>> = {
  hosts: HOSTS,
  summary: SUMMARY,
  free: FREE,
};

/** The columns of a table in the order of its files. Throws UsageError for page columns that do not exist. */
export function snapshotColumns(
  table: SnapshotTable,
  pages: readonly string[] = SNAPSHOT_PAGE_COLUMNS,
): readonly ColumnSpec[] {
  if (table !== 'pages') return FIXED[table];
  return [...TAKEN, ...checkColumns(pages).map(pageColumn)];
}

/** The names of all columns that `pages` can have. */
export const ALL_PAGE_COLUMNS: readonly ColumnName[] = COLUMNS.map((c) => c.name);
