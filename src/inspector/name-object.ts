import type { VirtAddr } from '../core/address.ts';
import { StructPageError } from '../core/errors.ts';
import { ObjectStates } from '../objects/slab/object-states.ts';
import { slabPlace } from '../referrers/slab-places.ts';
import type { Inspector } from './inspector.ts';

/**
 * The slab object that contains an address of the direct map, in words: `dentry object 0xffff888003a4c0c0 + 0x10, active`.
 * Undefined for an address outside slabs, and if the slab cannot be read.
 */
export function nameObject(inspector: Inspector, address: VirtAddr, pfn: number): string | undefined {
  const { objects, kernel } = inspector;
  try {
    if (objects.directMap(pfn) !== (address & ~BigInt(kernel.pageBytes - 1))) return undefined;
    return slabPlace(new ObjectStates(inspector, (page) => inspector.headOf(page)), pfn, address);
  } catch (error) {
    if (error instanceof StructPageError) return undefined;
    throw error;
  }
}
