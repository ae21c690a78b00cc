import { readZones } from '../memmap/zones.ts';
import type { Summary } from '../views/summary.ts';
import type { Inspector } from './inspector.ts';

/** RAM as the kernel counts it, in page frames. */
export interface Ram {
  /** Page frames with RAM: present_pages of all zones. */
  readonly present: number;
  /** Page frames given to the page allocator: managed_pages of all zones. The rest is reserved. */
  readonly managed: number;
}

/** RAM by the counters in struct zone. Undefined if the dump lacks them, or they exceed the zones. */
export function ramOf(inspector: Inspector): Ram | undefined {
  const zones = readZones(inspector.kernel, inspector.types);
  let present = 0;
  let managed = 0;
  for (const zone of zones) {
    const { presentPages = Number.NaN, managedPages = Number.NaN } = zone;
    const holds = managedPages <= presentPages && presentPages <= zone.end - zone.start;
    if (!holds) return undefined;
    present += presentPages;
    managed += managedPages;
  }
  return present > 0 ? { present, managed } : undefined;
}

/**
 * Struct pages without RAM: the kernel marks those of holes within a section reserved (init_unavailable_range(),
 * mm/mm_init.c). `summary` must cover all pages. No zone's present_pages include device memory. Undefined if the numbers do
 * not add up.
 */
export function holesIn(summary: Summary, ram: Ram): number | undefined {
  const device = [...summary.zones.values()].reduce((sum, z) => sum + (z.zone === 'Device' ? z.pages : 0), 0);
  const holes = summary.pages - device - ram.present;
  return holes >= 0 && holes <= (summary.types.get('reserved') ?? 0) ? holes : undefined;
}
