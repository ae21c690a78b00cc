import type { Kernel } from '../../kernel/kernel.ts';
import type { PageLayout } from '../../layout/page-layout.ts';
import type { TypeFacts } from '../../layout/type-facts.ts';
import type { MemoryModel } from '../../memmap/memory-model.ts';
import { readZones } from '../../memmap/zones.ts';
import { checkPlaces } from './array-places.ts';
import { checkExtent } from './extent.ts';
import { checkZoneSpans } from './zone-spans.ts';

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
  const zones = readZones(kernel, types);
  const { ranges, why } = checkPlaces(kernel, types, model, layout, zones);
  const spans = checkZoneSpans(kernel, model, layout, zones);
  const doubts = [...checkExtent(kernel, model, zones), ...spans, ...why];
  if (doubts.length === 0) return { model, doubts };
  const { onlineByZones = false, onlineUnknown = false } = model.sections;
  const sections = {
    ...model.sections,
    onlineUnknown: onlineUnknown || (onlineByZones && spans.length > 0),
    lost: [...model.sections.lost, ...doubts],
    distrusted: ranges,
  };
  return { model: { ...model, sections }, doubts };
}
