import { hex, type Pfn, type VirtAddr } from '../core/address.ts';
import type { ObjectStates } from '../objects/slab/object-states.ts';

/**
 * The slab object that contains an address, in words: `dentry object 0xffff888003a4c0c0 + 0x10, active`. Undefined outside
 * slabs. Throws the errors of reading.
 */
export function slabPlace(states: ObjectStates, pfn: Pfn, address: VirtAddr): string | undefined {
  const found = states.at(pfn, address);
  if (!found) return undefined;
  const { cache, object, state = 'state not known' } = found;
  if (!object) return `slab of ${cache.name}, outside of its objects`;
  return `${cache.name} object ${hex(object.start)} + ${hex(object.offset)}, ${state}`;
}
