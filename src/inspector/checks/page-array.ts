import type { Kernel } from '../../kernel/kernel.ts';
import type { PageLayout } from '../../layout/page-layout.ts';
import type { TypeFacts } from '../../layout/type-facts.ts';
import type { MemoryModel } from '../../memmap/memory-model.ts';
import { checkPlaces } from './array-places.ts';
import { checkExtent } from './extent.ts';

/**
 * Compares the sources for the place and extent of the page array. The returned model excludes what cannot be trusted;
 * `doubts` has a sentence for each contradiction. Throws LayoutError if most of the array is not what it should be.
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
