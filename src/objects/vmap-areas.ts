import type { VirtAddr } from '../core/address.ts';
import { rcuListNodes } from './list.ts';
import type { Objects } from './objects.ts';

/** A used area of vmalloc space (include/linux/vmalloc.h). */
export interface VmapArea {
  readonly start: VirtAddr;
  readonly end: VirtAddr;
  /** Its vm_struct; 0 for an area of vm_map_ram(). */
  readonly vm: VirtAddr;
}

/** Maximum number of nodes; a kernel has no more than CPUs. */
const MOST_NODES = 4096;

/** All areas of vmalloc space: one list until 6.8, one for each vmap_node since 6.9 (mm/vmalloc.c). */
export function* vmapAreas(objects: Objects): Generator<VmapArea> {
  const area = objects.struct('vmap_area');
  for (const head of heads(objects)) {
    for (const node of rcuListNodes(objects.memory, head)) {
      const at = area.container(node, 'list');
      yield { start: area.word(at, 'va_start'), end: area.word(at, 'va_end'), vm: area.word(at, 'vm') };
    }
  }
}

/** include/linux/vmalloc.h: VM_ALLOC, VM_MAP_PUT_PAGES. */
const OWNS_PAGES = 0x2 | 0x200;
/** Maximum number of pages in an area: 4 TiB of 4 KiB pages. */
const MOST_PAGES = 2 ** 30;

/** The struct pages of the memory that an area owns, in order; 0 for a missing one. None if it maps memory of others. */
export function* areaPages(objects: Objects, { vm }: VmapArea): Generator<VirtAddr> {
  if (vm === 0n) return;
  const type = objects.struct('vm_struct');
  if ((type.number(vm, 'flags') & OWNS_PAGES) === 0) return;
  const pages = type.word(vm, 'pages');
  const count = type.number(vm, 'nr_pages');
  if (pages === 0n || count > MOST_PAGES) return;
  const { memory } = objects;
  for (let i = 0; i < count; i++) yield memory.word(pages + BigInt(i * memory.format.wordBytes));
}

function* heads(objects: Objects): Generator<VirtAddr> {
  const one = objects.findSymbol('vmap_area_list');
  if (one !== undefined) {
    yield one;
    return;
  }
  const node = objects.struct('vmap_node');
  const count = Math.min(MOST_NODES, objects.memory.u32(objects.symbol('nr_vmap_nodes')));
  const nodes = objects.variable('vmap_nodes');
  for (let i = 0; i < count; i++) yield node.at(nodes + BigInt(i * node.size), 'busy.head');
}
