import type { PageReader } from '../memmap/page-reader.ts';
import { listNodes } from '../objects/list.ts';
import type { Objects } from '../objects/objects.ts';
import { type SlabCache, slabCaches } from '../objects/slab/cache.ts';
import { PROC_SYMBOLS } from './counters.ts';

const HEADER =
  'slabinfo - version: 2.1\n# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables <limit> <batchcount> <sharedfactor> : slabdata <active_slabs> <num_slabs> <sharedavail>\n';

/** /proc/slabinfo as the kernel prints it (mm/slab_common.c): objects cached by a CPU count as active there. */
export function slabinfoText(objects: Objects, { reader }: { readonly reader: PageReader }): string {
  objects.kernel.symbols(PROC_SYMBOLS);
  let text = HEADER;
  for (const cache of slabCaches(objects)) {
    const { slabs, total, free } = nodesOf(objects, cache, reader);
    const numbers = [
      String(total - free).padStart(6),
      String(total).padStart(6),
      String(cache.size).padStart(6),
      String(cache.perSlab).padStart(4),
      String(2 ** cache.order).padStart(4),
    ];
    const zeros = `${'0'.padStart(4)} ${'0'.padStart(4)} ${'0'.padStart(4)}`;
    const data = `${String(slabs).padStart(6)} ${String(slabs).padStart(6)} ${'0'.padStart(6)}`;
    text += `${cache.name.padEnd(17)} ${numbers.join(' ')} : tunables ${zeros} : slabdata ${data}\n`;
  }
  return text;
}

/** The counters of kmem_cache_node, and the free objects of slabs on its partial list. */
function nodesOf(
  objects: Objects,
  cache: SlabCache,
  reader: PageReader,
): { slabs: number; total: number; free: number } {
  const { memory } = objects;
  const type = objects.struct('kmem_cache');
  const node = objects.struct('kmem_cache_node');
  const slab = objects.find('slab')?.has('inuse') ? objects.struct('slab') : objects.struct('page');
  const link = slab.has('slab_list') ? slab.offset('slab_list') : objects.struct('page').offset('lru');
  const pair = objects.find('kmem_cache_per_node_ptrs');
  const { offset } = type.place(pair ? 'per_node' : 'node');
  const step = pair ? pair.size : memory.format.wordBytes;
  const sum = { slabs: 0, total: 0, free: 0 };
  for (let i = 0; i < objects.nodeCount; i++) {
    const at = cache.address + BigInt(offset + i * step);
    const own = pair ? pair.word(at, 'node') : memory.word(at);
    if (own === 0n) continue;
    sum.slabs += node.number(own, 'nr_slabs');
    sum.total += node.number(own, 'total_objects');
    for (const listed of listNodes(memory, node.at(own, 'partial'))) {
      const page = listed - BigInt(link);
      if (reader.model.pfnOf(page) === undefined) continue;
      sum.free += slab.number(page, 'objects') - slab.number(page, 'inuse');
    }
  }
  return sum;
}
