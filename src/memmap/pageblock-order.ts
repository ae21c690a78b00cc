import type { PagingMode } from '../arch/architecture.ts';
import type { TypeFacts } from '../layout/type-facts.ts';

/**
 * Pages of a pageblock are 2 to this: those of a huge page where the kernel has any, but no more than the largest free block
 * (include/linux/pageblock-flags.h).
 */
export function pageblockOrder(types: TypeFacts, mode: PagingMode): number {
  const orders = types.place('zone', 'free_area')?.length;
  const largest = orders ? orders - 1 : Number.POSITIVE_INFINITY;
  const huge = mode.levels.at(-1)!.bits;
  // struct hstate is empty without CONFIG_HUGETLB_PAGE
  const hasHuge = types.structSize('hstate') !== 0 || !Number.isFinite(largest);
  return hasHuge ? Math.min(huge, largest) : largest;
}
