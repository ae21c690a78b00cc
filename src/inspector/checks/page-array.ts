import type { Kernel } from '../../kernel/kernel.ts';
import type { PageLayout } from '../../layout/page-layout.ts';
import type { TypeFacts } from '../../layout/type-facts.ts';
import type { MemoryModel } from '../../memmap/memory-model.ts';
import { checkPlaces } from './array-places.ts';
import { checkExtent } from './extent.ts';

/**
 * Holds what tells where the page array is and how far it reaches against one another. The model that comes back knows what is not
 * believed; `doubts` has a sentence for each contradiction. Throws LayoutError where most of the array is not what it is said to be.
 */
export function crossChecked(
  kernel: Kernel,
  types: TypeFacts,
  model: MemoryModel,
  layout: PageLayout,
): { readonly model: MemoryModel; readonly doubts: readonly string[] } {
  const { ranges, why } = checkPlaces(kernel, types, model, layout);
  const doubts = [...checkExtent(kernel, types, model), ...why];
  if (doubts.length === 0) return { model, doubts };
  const sections = {
    ...model.sections,
    lost: [...model.sections.lost, ...doubts],
    distrusted: ranges,
  };
  return { model: { ...model, sections }, doubts };
}
