import type { TableRows } from '../table/table.ts';
import type { Identity } from './identity.ts';

/** Columns that name the owner of a page. */
export const OWNER_COLUMNS = ['slab_cache', 'call_site', 'file', 'process', 'memcg'] as const;

export type OwnerColumn = (typeof OWNER_COLUMNS)[number];

/** How pages are told apart: by their class, or by their type where classes are not known. */
export type Measure = 'class' | 'type';

/** A machine at one moment: a dump, a capture, or an export of either. */
export interface Stop {
  /** The name under which the user gave it. */
  readonly name: string;
  readonly identity: Identity;
  /** Undefined if an export does not tell. */
  readonly pageBytes: number | undefined;
  /** Its columns that a comparison can use. */
  readonly columns: readonly string[];
  /** Why classes are not known; undefined if they are. */
  readonly withoutClasses: string | undefined;
  /**
   * Rows with these columns and `pfn`, in ascending order of pfn. Pages whose struct page could not be read are left out. The
   * arrays are valid until the next batch is requested.
   */
  rows(columns: readonly string[]): AsyncIterable<TableRows> | Iterable<TableRows>;
}
