import type { VirtAddr } from '../../core/address.ts';
import { listNodes } from '../list.ts';
import type { Objects } from '../objects.ts';
import { ChainError } from '../walk.ts';
import type { SlabCache } from './cache.ts';

/** Sheaves hold some dozens of objects. */
const MOST_IN_SHEAF = 65536;

/** A free list that a CPU has taken from its slab (struct kmem_cache_cpu, until 6.19). */
export interface CpuFreelist {
  readonly cpu: number;
  readonly first: VirtAddr;
  /** The struct page of its slab. */
  readonly slab: VirtAddr;
}

/** The free list of each CPU; its objects count as in use in their slab. */
export function* cpuFreelists(objects: Objects, cache: SlabCache): Generator<CpuFreelist> {
  const type = objects.struct('kmem_cache');
  const own = objects.find('kmem_cache_cpu');
  if (!own || !type.has('cpu_slab')) return;
  const pointer = type.word(cache.address, 'cpu_slab');
  if (pointer === 0n) return;
  for (const cpu of objects.perCpu.cpus) {
    const at = objects.perCpu.pointer(pointer, cpu);
    const first = own.word(at, 'freelist');
    if (first !== 0n) yield { cpu, first, slab: own.word(at, ['slab', 'page']) };
  }
}

/** A free object in a sheaf, which its slab counts as in use (mm/slub.c, since 6.18). */
export interface SheafObject {
  readonly address: VirtAddr;
  /** `cpu 1` or `node 0`. */
  readonly where: string;
}

/**
 * Free objects in the sheaves of the CPUs, and in the full sheaves of each node's barn. Objects that wait for RCU are not
 * free.
 */
export function* sheafObjects(objects: Objects, cache: SlabCache): Generator<SheafObject> {
  const type = objects.struct('kmem_cache');
  const own = objects.find('slub_percpu_sheaves');
  if (!own || !type.has('cpu_sheaves')) return;
  const pointer = type.word(cache.address, 'cpu_sheaves');
  if (pointer === 0n) return;
  for (const cpu of objects.perCpu.cpus) {
    const at = objects.perCpu.pointer(pointer, cpu);
    for (const member of ['main', 'spare']) {
      yield* inSheaf(objects, own.word(at, member), `cpu ${cpu}`);
    }
  }
  const sheaf = objects.struct('slab_sheaf');
  const barn = objects.struct('node_barn');
  for (const { node, address } of barns(objects, cache)) {
    for (const link of listNodes(objects.memory, barn.at(address, 'sheaves_full'))) {
      yield* inSheaf(objects, sheaf.container(link, 'barn_list'), `node ${node}`);
    }
  }
}

function* inSheaf(objects: Objects, sheaf: VirtAddr, where: string): Generator<SheafObject> {
  if (sheaf === 0n) return;
  const type = objects.struct('slab_sheaf');
  const count = type.number(sheaf, 'size');
  if (count > MOST_IN_SHEAF)
    throw new ChainError('sheaf', sheaf, 0, `it says that it holds ${count} objects`);
  const first = type.at(sheaf, 'objects');
  const { wordBytes } = objects.memory.format;
  for (let i = 0; i < count; i++) {
    yield { address: objects.memory.word(first + BigInt(i * wordBytes)), where };
  }
}

/** The barn of each node: next to the pointer to its kmem_cache_node in 7.x, inside that in 6.18 and 6.19. */
function* barns(
  objects: Objects,
  cache: SlabCache,
): Generator<{ readonly node: number; readonly address: VirtAddr }> {
  const type = objects.struct('kmem_cache');
  const { memory } = objects;
  const pair = objects.find('kmem_cache_per_node_ptrs');
  const node = objects.struct('kmem_cache_node');
  const { offset, size } = type.place(pair ? 'per_node' : 'node');
  const step = pair ? pair.size : memory.format.wordBytes;
  const nodes = objects.nodeCount;
  for (let i = 0; i < Math.min(nodes, size / step); i++) {
    const at = cache.address + BigInt(offset + i * step);
    let barn = 0n;
    if (pair) barn = pair.word(at, 'barn');
    else {
      const own = memory.word(at);
      if (own !== 0n && node.has('barn')) barn = node.word(own, 'barn');
    }
    if (barn !== 0n) yield { node: i, address: barn };
  }
}
