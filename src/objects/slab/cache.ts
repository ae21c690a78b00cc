import type { VirtAddr } from '../../core/address.ts';
import { listNodes } from '../list.ts';
import type { Objects } from '../objects.ts';

/** A slab cache, from its struct kmem_cache (mm/slub.c, mm/slab.h). */
export interface SlabCache {
  readonly address: VirtAddr;
  readonly name: string;
  /** The distance between objects, and the size that the user requested, in bytes. */
  readonly size: number;
  readonly objectSize: number;
  /** Offset of the pointer to the next free object within a free object. */
  readonly linkAt: number;
  /** The value that hides the pointers of free lists; 0 without CONFIG_SLAB_FREELIST_HARDENED. */
  readonly random: bigint;
  /** Size of the red zone before each object, with debugging, in bytes. */
  readonly redZone: number;
  readonly flags: number;
  /** Number of objects in a new slab, and its order. */
  readonly perSlab: number;
  readonly order: number;
}

/** All slab caches, in the order of the kernel's list. Throws LayoutError for an allocator other than SLUB. */
export function* slabCaches(objects: Objects): Generator<SlabCache> {
  const type = objects.struct('kmem_cache');
  for (const node of listNodes(objects.memory, objects.symbol('slab_caches'))) {
    yield slabCacheAt(objects, type.container(node, 'list'));
  }
}

/** A slab cache by the address of its kmem_cache. */
export function slabCacheAt(objects: Objects, address: VirtAddr): SlabCache {
  const type = objects.struct('kmem_cache');
  const name = type.word(address, 'name');
  const order = type.number(address, ['oo.x', 'oo']);
  return {
    address,
    name: name === 0n ? '' : objects.memory.string(name),
    size: type.number(address, 'size'),
    objectSize: type.number(address, 'object_size'),
    linkAt: type.number(address, 'offset'),
    random: type.has('random') ? type.word(address, 'random') : 0n,
    redZone: type.has('red_left_pad') ? type.number(address, 'red_left_pad') : 0,
    flags: type.number(address, 'flags'),
    perSlab: order & 0xffff,
    order: order >>> 16,
  };
}
