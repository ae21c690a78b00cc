import { type Range, unite } from '../core/ranges.ts';
import type { Zone } from './zones.ts';

/**
 * Finds the online page frames of an online section whose subsection map is lost. A zone counts the page frames with RAM
 * that it spans. A subsection has some if the zone lacks fewer page frames than both have in common, and has none if no
 * zone spans any of it. `pages` is the length of a subsection. Returns undefined if zones leave a subsection undecided or
 * do not span the section.
 */
export function onlineByZones(section: Range, pages: number, zones: readonly Zone[]): Range[] | undefined {
  const online: Range[] = [];
  const near = zones.filter((z) => z.name !== 'Device' && z.start < section.end && z.end > section.start);
  for (let start = section.start; start < section.end; start += pages) {
    const end = start + pages;
    const spanning = near.filter((z) => z.start < end && z.end > start);
    if (spanning.length === 0) continue;
    const holdsRam = spanning.some(({ presentPages = 0, ...zone }) => {
      const lacking = zone.end - zone.start - presentPages;
      return lacking >= 0 && lacking < Math.min(zone.end, end) - Math.max(zone.start, start);
    });
    if (!holdsRam) return undefined;
    online.push({ start, end });
  }
  return online.length > 0 ? unite(online) : undefined;
}
