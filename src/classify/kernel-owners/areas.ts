import type { VirtAddr } from '../../core/address.ts';
import type { Objects } from '../../objects/objects.ts';
import { areaPages, type VmapArea, vmapAreas } from '../../objects/vmap-areas.ts';
import { directPfn } from '../allocations.ts';
import { type Machine, pfnOfPage } from '../claimant.ts';
import type { TellOwner } from './kernel-owner.ts';

/** The areas of vmalloc space, to find the one that contains an address. */
export class AreaIndex {
  readonly #areas: readonly VmapArea[];

  constructor(objects: Objects) {
    this.#areas = [...vmapAreas(objects)].sort((a, b) => (a.start < b.start ? -1 : 1));
  }

  /** The area that contains an address. */
  at(address: VirtAddr): VmapArea | undefined {
    let low = 0;
    let high = this.#areas.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#areas[middle]!.end <= address) low = middle + 1;
      else high = middle;
    }
    const found = this.#areas[low];
    return found && found.start <= address ? found : undefined;
  }
}

/** Tells the owner of the memory of an allocation: a whole vmalloc area, or whole pages of the direct map. */
export function tellAllocation(
  machine: Machine,
  areas: AreaIndex,
  address: VirtAddr,
  owner: string,
  tell: TellOwner,
): void {
  if (address === 0n) return;
  const area = areas.at(address);
  if (area) {
    tellArea(machine, area, owner, tell);
    return;
  }
  const pfn = directPfn(machine, address);
  const compound = pfn === undefined ? undefined : machine.compounds.at(pfn);
  if (compound) tell(owner, compound.head, compound.pages);
}

/** Tells the owner of the pages of an area. */
export function tellArea(machine: Machine, area: VmapArea, owner: string, tell: TellOwner): void {
  for (const page of areaPages(machine.objects, area)) {
    const pfn = page === 0n ? undefined : pfnOfPage(machine, page);
    if (pfn !== undefined) tell(owner, pfn);
  }
}
