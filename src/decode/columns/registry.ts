import { checkColumnNames } from '../../table/column.ts';
import { mapcount, mapcountRaw, refcount } from './counts.ts';
import { lastCpupid, node, zone } from './fields.ts';
import { flags, freeOrder, head, mappingKind, order, slabCache, type } from './folio.ts';
import { folioMapcount, isHead, isTail, nrPages, pincount } from './folio-counts.ts';
import { kpagecount, kpageflags } from './kpage.ts';
import { callSite, file, inode, memcg, owner, pids, process, vaddr } from './owners.ts';
import type { PageColumn } from './page-column.ts';
import { page, pfn, phys, section, state } from './place.ts';
import { pageClass, subclass } from './purpose.ts';
import { refsExpected, refsUnexplained } from './references.ts';
import { sectionOnline } from './section-online.ts';
import { flagsRaw, index, lruNext, lruPrev, mapping, memcgData, privateWord } from './words.ts';

/**
 * Every column, in output order. Words are raw memory; the help of other columns says how they are derived. A tail page
 * shares `type`, `order`, `mapping_kind` and `slab_cache` with its head.
 */
export const PAGE_COLUMNS = [
  pfn as typeof pfn,
  phys as typeof phys,
  page as typeof page,
  flagsRaw as typeof flagsRaw,
  flags as typeof flags,
  refcount as typeof refcount,
  mapcountRaw as typeof mapcountRaw,
  mapcount as typeof mapcount,
  type as typeof type,
  head as typeof head,
  order as typeof order,
  freeOrder as typeof freeOrder,
  node as typeof node,
  zone as typeof zone,
  section as typeof section,
  sectionOnline as typeof sectionOnline,
  lastCpupid as typeof lastCpupid,
  mapping as typeof mapping,
  mappingKind as typeof mappingKind,
  index as typeof index,
  privateWord as typeof privateWord,
  lruNext as typeof lruNext,
  lruPrev as typeof lruPrev,
  memcgData as typeof memcgData,
  slabCache as typeof slabCache,
  pageClass as typeof pageClass,
  subclass as typeof subclass,
  owner as typeof owner,
  file as typeof file,
  inode as typeof inode,
  memcg as typeof memcg,
  process as typeof process,
  pids as typeof pids,
  vaddr as typeof vaddr,
  callSite as typeof callSite,
  refsExpected as typeof refsExpected,
  refsUnexplained as typeof refsUnexplained,
  folioMapcount as typeof folioMapcount,
  pincount as typeof pincount,
  nrPages as typeof nrPages,
  isHead as typeof isHead,
  isTail as typeof isTail,
  kpageflags as typeof kpageflags,
  kpagecount as typeof kpagecount,
  state as typeof state,
] as const;

/** The name of a column. */
export type ColumnName = (typeof PAGE_COLUMNS)[number]['name'];

/** The kind of a column by its name. */
export type KindOf<N extends ColumnName> = Extract<(typeof PAGE_COLUMNS)[number], { name: N }>['kind'];

/** `PAGE_COLUMNS` as a plain list. */
export const COLUMNS: readonly PageColumn<ColumnName>[] = PAGE_COLUMNS;

/** The default columns. */
export const DEFAULT_COLUMNS: readonly ColumnName[] = COLUMNS.filter((c) => !c.onDemand).map((c) => c.name);

/** The default columns of tables for people. Sets, whose length varies, come last. */
export const TABLE_COLUMNS: readonly ColumnName[] = COLUMNS.filter((c) => c.inTable)
  .sort((a, b) => Number(a.kind === 'set') - Number(b.kind === 'set'))
  .map((c) => c.name);

const BY_NAME = new Map<string, PageColumn<ColumnName>>(COLUMNS.map((c) => [c.name, c]));

/** Finds a column by name. */
export function columnSpec(name: string): PageColumn<ColumnName> | undefined {
  return BY_NAME.get(name);
}

/** Returns the column with a name. */
export function pageColumn(name: ColumnName): PageColumn<ColumnName> {
  return BY_NAME.get(name)!;
}

/** Whether a column with this name exists. */
export function isColumn(name: string): name is ColumnName {
  return BY_NAME.has(name);
}

/** Checks column names. Throws UsageError for an unknown or repeated name. */
export function checkColumns(names: readonly string[]): ColumnName[] {
  return checkColumnNames(
    names,
    COLUMNS.map((c) => c.name),
  );
}
