import { slabUsage } from '../objects/slab/usage.ts';
import { defineTable, type TableDefinition } from './table-definition.ts';

/** Slab caches and how full they are, largest first (mm/slub.c). */
export const slab: TableDefinition = defineTable({
  name: 'slab',
  help: 'slab caches with their slabs, objects and objects in use',
  columns: [
    { name: 'cache', kind: 'name', help: 'name of the cache' },
    { name: 'slabs', kind: 'number', help: 'number of its slabs' },
    { name: 'pages', kind: 'number', help: 'page frames that they take' },
    { name: 'objects', kind: 'number', help: 'objects that fit into them' },
    {
      name: 'active',
      kind: 'number',
      mayBeEmpty: true,
      help: 'objects in use: neither on a free list nor kept by a CPU or a node; empty if not known',
    },
    { name: 'object_size', kind: 'number', help: 'bytes of an object' },
    { name: 'size', kind: 'number', help: 'bytes from one object to the next' },
    { name: 'per_slab', kind: 'number', help: 'objects of a new slab' },
    { name: 'order', kind: 'number', help: 'order of a new slab', numbers: 'uint8' },
    {
      name: 'waste',
      kind: 'number',
      mayBeEmpty: true,
      help: 'bytes of its slabs that hold no object in use',
    },
    { name: 'address', kind: 'word', help: 'address of its struct kmem_cache' },
  ],
  *rows(inspector, trouble) {
    const { objects, layout, reader, kernel } = inspector;
    const all = [...slabUsage({ objects, layout, reader })].sort((a, b) => b.pages - a.pages);
    for (const { cache, slabs, pages, objects: count, active, trouble: why } of all) {
      if (why !== undefined) trouble(`${cache.name}: objects in use cannot be counted: ${why}`);
      yield {
        cache: cache.name,
        slabs,
        pages,
        objects: count,
        active,
        object_size: cache.objectSize,
        size: cache.size,
        per_slab: cache.perSlab,
        order: cache.order,
        waste: active === undefined ? undefined : pages * kernel.pageBytes - active * cache.objectSize,
        address: cache.address,
      };
    }
  },
});
