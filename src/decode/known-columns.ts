import type { ColumnName } from './columns.ts';

/** Columns that a page has by where it is, and not by its struct page. */
const ALWAYS: ReadonlySet<ColumnName> = new Set<ColumnName>(['pfn', 'phys', 'page', 'section', 'state']);

/** Whether a column means something even where the struct page could not be read. */
export function isAlwaysKnown(name: ColumnName): boolean {
  return ALWAYS.has(name);
}
