import { PAGE_CLASSES } from './classes.ts';

/** What must happen to a page for its block to become free. */
export type Movability = 'free' | 'movable' | 'reclaimable' | 'unmovable';

/** Free classes. Pages on the lists of a CPU join their blocks when the lists are drained. */
const FREE: readonly string[] = ['free_buddy', 'free_pcp'];
/** Classes whose pages migration can move (mm/migrate.c): on an LRU list, of hugetlb, or of a driver that can move them. */
const MOVABLE: readonly string[] = [
  'anon',
  'ksm',
  'file',
  'shmem',
  'swap_cache',
  'hugetlb',
  'hugetlb_free',
  'zsmalloc',
  'balloon',
];
/** ramfs cannot migrate its pages, and secretmem refuses to. */
const FIXED: readonly string[] = ['file:ramfs'];

/** The movability of each class, by its code. Slab pages may be reclaimable; pinned pages are not movable. */
export const MOVABILITY: readonly Movability[] = PAGE_CLASSES.map(({ name, subclass }) => {
  if (FREE.includes(name)) return 'free';
  return MOVABLE.includes(name) && !FIXED.includes(`${name}:${subclass}`) ? 'movable' : 'unmovable';
});
