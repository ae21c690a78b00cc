import { hex, type VirtAddr } from '../core/address.ts';
import { StructPageError } from '../core/errors.ts';
import { slabCacheAt } from '../objects/slab/cache.ts';
import { objectHolding, objectsOfSlab, waitingObjects } from '../objects/slab/slab-objects.ts';
import { slabPages } from '../objects/slab/slab-pages.ts';
import type { Inspector } from './inspector.ts';

/**
 * The slab object that contains an address of the direct map, in words: `dentry object 0xffff888003a4c0c0 + 0x10, active`.
 * Undefined for an address outside slabs, and if the slab cannot be read.
 */
export function nameObject(inspector: Inspector, address: VirtAddr, pfn: number): string | undefined {
  const { objects, layout, reader, model } = inspector;
  try {
    if (objects.directMap(pfn) !== (address & ~BigInt(inspector.kernel.pageBytes - 1))) return undefined;
    const head = inspector.headOf(pfn);
    const slab = [...slabPages(objects, layout, reader, [{ start: head, end: head + 1 }])][0];
    if (!slab || model.addressOf(head) === undefined) return undefined;
    const memory = { objects, layout, reader };
    const cache = slabCacheAt(objects, slab.cache);
    const holding = objectHolding(memory, cache, slab, address);
    if (!holding) return `slab of ${cache.name}, outside of its objects`;
    const quiet = (): void => {};
    const waiting = waitingObjects(memory, cache, quiet);
    let state = 'state not known';
    for (const object of objectsOfSlab(memory, cache, slab, waiting, quiet)) {
      if (object.index === holding.index) state = object.state;
    }
    return `${cache.name} object ${hex(holding.start)} + ${hex(holding.offset)}, ${state}`;
  } catch (error) {
    if (error instanceof StructPageError) return undefined;
    throw error;
  }
}
