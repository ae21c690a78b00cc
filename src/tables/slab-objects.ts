import { UsageError } from '../core/errors.ts';
import { slabCaches } from '../objects/slab/cache.ts';
import { objectsOf } from '../objects/slab/slab-objects.ts';
import { defineTable, type TableDefinition } from './table-definition.ts';

/** The objects of one slab cache. */
export function slabObjects(name: string): TableDefinition {
  return defineTable({
    name: 'slab-objects',
    help: 'objects of a slab cache',
    columns: [
      { name: 'object', kind: 'word', help: 'its address' },
      { name: 'pfn', kind: 'number', help: 'first page frame of its slab' },
      { name: 'index', kind: 'number', help: 'its number in the slab' },
      {
        name: 'state',
        kind: 'name',
        help: 'active, free on the list of its slab, or kept for reuse: cpu 1, node 0',
      },
    ],
    *rows({ objects, layout, reader }, trouble) {
      const caches = [...slabCaches(objects)];
      const cache = caches.find((c) => c.name === name);
      if (!cache) {
        const near = caches.map((c) => c.name).filter((n) => n.includes(name));
        throw new UsageError(
          `there is no slab cache '${name}'${near.length > 0 ? `; choose ${near.slice(0, 8).join(', ')}` : ''}`,
        );
      }
      for (const { address, slab, index, state } of objectsOf({ objects, layout, reader }, cache, trouble)) {
        yield { object: address, pfn: slab.pfn, index, state };
      }
    },
  });
}
