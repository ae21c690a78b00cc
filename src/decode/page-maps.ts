import type { References } from '../classify/references.ts';
import type { PageOwners } from '../owners/page-owners.ts';

/** What columns are told by besides struct pages. All but `owners` is plain data, which threads share. */
export interface PageMaps {
  /** The class of each pfn: an index into PAGE_CLASSES. */
  readonly classes?: Uint8Array;
  readonly references?: References;
  /** Names of files and cgroups, looked up when a page needs them. */
  readonly owners?: PageOwners;
}
