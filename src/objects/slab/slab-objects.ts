import type { VirtAddr } from '../../core/address.ts';
import { StructPageError } from '../../core/errors.ts';
import type { SlabCache } from './cache.ts';
import { cpuFreelists, sheafObjects } from './cached.ts';
import { freeObjects, objectAt, objectIndex, type SlabExtent } from './freelist.ts';
import { type SlabPage, slabPages } from './slab-pages.ts';
import { type SlabMemory, slabExtent } from './usage.ts';

/** An object of a slab cache. */
export interface SlabObject {
  readonly address: VirtAddr;
  /** The first page frame of its slab, and its number there. */
  readonly slab: SlabPage;
  readonly index: number;
  /** `active`, `free` on the list of its slab, or the place where it waits for reuse: `cpu 1`, `node 0`. */
  readonly state: string;
}

/**
 * The objects of a cache, slab by slab. If a free list is damaged, the states of that slab's objects are unknown, and
 * `trouble` is called.
 */
export function* objectsOf(
  memory: SlabMemory,
  cache: SlabCache,
  trouble: (why: string) => void,
): Generator<SlabObject> {
  const waiting = waitingObjects(memory, cache, trouble);
  for (const slab of slabPages(memory.objects, memory.layout, memory.reader)) {
    if (slab.cache === cache.address) yield* objectsOfSlab(memory, cache, slab, waiting, trouble);
  }
}

/** The objects of one slab. */
export function* objectsOfSlab(
  memory: SlabMemory,
  cache: SlabCache,
  slab: SlabPage,
  waiting: ReadonlyMap<VirtAddr, string>,
  trouble: (why: string) => void,
): Generator<SlabObject> {
  const { objects, reader } = memory;
  const page = reader.model.addressOf(slab.pfn)!;
  const extent: SlabExtent = { start: objects.directMap(slab.pfn), objects: slab.objects };
  const free = new Uint8Array(slab.objects);
  try {
    const struct = objects.find('slab')?.has('freelist') ? objects.struct('slab') : objects.struct('page');
    const first = struct.word(page, 'freelist');
    for (const index of freeObjects(objects.memory, cache, extent, first)) free[index] = 1;
  } catch (error) {
    if (!(error instanceof StructPageError)) throw error;
    trouble(error.message);
    return;
  }
  for (let index = 0; index < slab.objects; index++) {
    const address = objectAt(cache, extent, index);
    const state = free[index] ? 'free' : (waiting.get(address) ?? 'active');
    yield { address, slab, index, state };
  }
}

/** Free objects that a CPU or a node has taken, with their places. */
export function waitingObjects(
  memory: SlabMemory,
  cache: SlabCache,
  trouble: (why: string) => void,
): Map<VirtAddr, string> {
  const { objects } = memory;
  const waiting = new Map<VirtAddr, string>();
  try {
    for (const { cpu, first, slab } of cpuFreelists(objects, cache)) {
      const extent = slabExtent(memory, slab);
      for (const index of freeObjects(objects.memory, cache, extent, first)) {
        waiting.set(objectAt(cache, extent, index), `cpu ${cpu}`);
      }
    }
    for (const { address, where } of sheafObjects(objects, cache)) waiting.set(address, where);
  } catch (error) {
    if (!(error instanceof StructPageError)) throw error;
    trouble(error.message);
  }
  return waiting;
}

/** The object that contains an address in a slab; undefined between and after objects. */
export function objectHolding(
  memory: SlabMemory,
  cache: SlabCache,
  slab: SlabPage,
  address: VirtAddr,
): { readonly index: number; readonly start: VirtAddr; readonly offset: number } | undefined {
  const extent = { start: memory.objects.directMap(slab.pfn), objects: slab.objects };
  const index = Math.floor((Number(address - extent.start) - cache.redZone) / cache.size);
  if (index < 0 || index >= slab.objects) return undefined;
  const start = objectAt(cache, extent, index);
  return objectIndex(cache, extent, start) === undefined
    ? undefined
    : { index, start, offset: Number(address - start) };
}
