import type { VirtAddr } from '../../core/address.ts';
import { StructPageError } from '../../core/errors.ts';
import type { PageLayout } from '../../layout/page-layout.ts';
import type { PageReader } from '../../memmap/page-reader.ts';
import type { Objects } from '../objects.ts';
import { type SlabCache, slabCacheAt, slabCaches } from './cache.ts';
import { cpuFreelists, sheafObjects } from './cached.ts';
import { freeObjects, type SlabExtent } from './freelist.ts';
import { type SlabPage, slabPages } from './slab-pages.ts';

/** The memory that contains objects, and the description of its pages. */
export interface SlabMemory {
  readonly objects: Objects;
  readonly layout: PageLayout;
  readonly reader: PageReader;
}

/** The usage of a cache. */
export interface SlabUsage {
  readonly cache: SlabCache;
  readonly slabs: number;
  /** Number of page frames. */
  readonly pages: number;
  readonly objects: number;
  /** Number of objects in use; undefined if a CPU's free list cannot be followed. */
  readonly active: number | undefined;
  /** The reason. */
  readonly trouble: string | undefined;
}

/**
 * The usage of every slab cache: slabs are counted in the page array. A slab counts free objects that a CPU or a node has
 * taken as in use, so the lists are walked to subtract them.
 */
export function* slabUsage(memory: SlabMemory): Generator<SlabUsage> {
  const { objects, layout, reader } = memory;
  const found = new Map<VirtAddr, { slabs: number; pages: number; objects: number; inuse: number }>();
  for (const { cache, inuse, objects: count, pages } of withOrders(
    memory,
    slabPages(objects, layout, reader),
  )) {
    let sum = found.get(cache);
    if (!sum) {
      sum = { slabs: 0, pages: 0, objects: 0, inuse: 0 };
      found.set(cache, sum);
    }
    sum.slabs++;
    sum.pages += pages;
    sum.objects += count;
    sum.inuse += inuse;
  }
  const none = { slabs: 0, pages: 0, objects: 0, inuse: 0 };
  for (const cache of allCaches(objects, found.keys())) {
    const { inuse, ...sum } = found.get(cache.address) ?? none;
    let active: number | undefined;
    let trouble: string | undefined;
    try {
      active = inuse - waiting(memory, cache);
    } catch (error) {
      if (!(error instanceof StructPageError)) throw error;
      trouble = error.message;
    }
    yield { cache, ...sum, active, trouble };
  }
}

/** The caches of the kernel's list, and further caches that slabs name if the list ends early. */
function* allCaches(objects: Objects, named: Iterable<VirtAddr>): Generator<SlabCache> {
  const seen = new Set<VirtAddr>();
  try {
    for (const cache of slabCaches(objects)) {
      seen.add(cache.address);
      yield cache;
    }
  } catch (error) {
    if (!(error instanceof StructPageError)) throw error;
  }
  for (const address of named) {
    if (seen.has(address)) continue;
    try {
      yield slabCacheAt(objects, address);
    } catch (error) {
      if (!(error instanceof StructPageError)) throw error;
    }
  }
}

/** Free objects of a cache that its slabs count as in use. */
function waiting(memory: SlabMemory, cache: SlabCache): number {
  const { objects } = memory;
  let count = 0;
  for (const { first, slab } of cpuFreelists(objects, cache)) {
    for (const _ of freeObjects(objects.memory, cache, slabExtent(memory, slab), first)) count++;
  }
  for (const _ of sheafObjects(objects, cache)) count++;
  return count;
}

/** The objects of the slab whose struct page is at an address. */
export function slabExtent({ objects, reader }: SlabMemory, page: VirtAddr): SlabExtent {
  const struct = objects.find('slab')?.has('objects') ? objects.struct('slab') : objects.struct('page');
  const pfn = reader.model.pfnOf(page) ?? 0;
  return { start: objects.directMap(pfn), objects: struct.number(page, 'objects') };
}

/** Slabs by number of page frames, since the orders of a cache's slabs may differ. */
function* withOrders(
  { layout, reader }: SlabMemory,
  slabs: Iterable<SlabPage>,
): Generator<SlabPage & { readonly pages: number }> {
  const isHead = layout.flags.bits.get('head');
  for (const slab of slabs) {
    const raw = reader.read(slab.pfn, 2);
    const words = new Uint32Array(raw.bytes.buffer, raw.bytes.byteOffset, raw.bytes.length / 4);
    const flags = words[layout.offsets.flags / 4]!;
    const head = isHead !== undefined && ((flags >>> isHead) & 1) === 1 && raw.states[1] === 0;
    const { order } = layout;
    const orderOf = (): number =>
      order.kind === 'flags'
        ? words[(layout.size + layout.offsets.flags) / 4]! & 0xff
        : raw.bytes[order.offset]!;
    yield { ...slab, pages: head ? 2 ** orderOf() : 1 };
  }
}
