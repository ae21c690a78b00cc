import type { Pfn, PhysAddr } from '../core/address.ts';
import { scanMemory } from '../kernel/scan-memory.ts';
import { ScanMeter } from '../kernel/search.ts';
import { type Place, type PlaceParts, Places } from './places.ts';
import { type Holding, pointersIn } from './pointers.ts';
import { Targets } from './targets.ts';

/** A place in memory that names a page. */
export interface Referrer extends Place {
  /** The page that is named. */
  readonly target: Pfn;
  readonly holds: Holding;
  /** Offset of the named address from the start of the page, or of its struct page, in bytes. */
  readonly offset: number;
  readonly physical: PhysAddr;
}

/**
 * Finds every place in memory that names one of some pages, by ascending physical address. It reads all of memory, word by
 * word. A match is evidence, not proof: a pointer may be left over from an earlier use of either side.
 */
export function* findReferrers(parts: PlaceParts, pfns: readonly Pfn[]): Generator<Referrer> {
  const { objects, model } = parts;
  const targets = new Targets(objects, model, pfns);
  const places = new Places(parts);
  const { space, format } = objects.memory;
  const heads = new Map(pfns.map((pfn) => [pfn, parts.headOf(pfn)]));
  for (const { address, bytes, fresh } of scanMemory(space.memory, 0, new ScanMeter())) {
    for (const pointer of pointersIn(targets, format, bytes.subarray(0, fresh), address)) {
      const place = places.at(pointer.place);
      // with flags above it, only a word in a page table is an address for certain
      const isTable = place.className === 'page_table';
      if (pointer.holds === 'entry' && !isTable) continue;
      const holds = isTable && pointer.holds === 'physical address' ? 'entry' : pointer.holds;
      // all memory is in the direct map
      if (isTable && places.entryAt(pointer.place)?.maps === objects.directMap(pointer.pfn)) continue;
      // pages of a folio name their own head, and empty lists their own struct page
      if (place.className === 'memmap') {
        const by = places.structPageAt(pointer.place);
        const head = heads.get(pointer.pfn) ?? pointer.pfn;
        if (by && (by.pfn === pointer.pfn || parts.headOf(by.pfn) === head)) continue;
      }
      yield { ...place, target: pointer.pfn, holds, offset: pointer.offset, physical: pointer.place };
    }
  }
}
