import type { References } from '../classify/references.ts';
import type { PageOwners } from '../owners/page-owners.ts';
import type { OwnerNames } from './owner-names.ts';

/** Sources of columns besides struct pages. All but the names of owners is plain data that threads share. */
export interface PageMaps {
  /** The class of each pfn, as an index into PAGE_CLASSES. */
  readonly classes?: Uint8Array;
  readonly references?: References;
  /** Names of files and cgroups, looked up on demand. */
  readonly owners?: PageOwners;
  /** The best owner of each page; needs `owners`. */
  readonly ownerNames?: OwnerNames;
}
