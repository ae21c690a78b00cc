import type { VirtAddr } from '../core/address.ts';
import { moduleMemory } from '../objects/modules.ts';
import { threads } from '../objects/tasks.ts';
import { type VmapArea, vmapAreas } from '../objects/vmap-areas.ts';
import { type Claimant, type Machine, pfnOfPage } from './claimant.ts';
import type { Claims } from './claims.ts';
import { classCode } from './classes.ts';

/** include/linux/vmalloc.h: VM_ALLOC, VM_MAP_PUT_PAGES. */
const OWNS_PAGES = 0x2 | 0x200;

/** What vmalloc() allocated, with kernel stacks and modules told apart. */
export const vmalloc: Claimant = {
  name: 'vmalloc areas',
  symbols: ['vmap_area_list', 'vmap_nodes', 'nr_vmap_nodes', 'init_task', 'modules'],
  claim(machine, claims) {
    const { objects } = machine;
    const stacks = new Set<VirtAddr>();
    for (const task of threads(objects)) stacks.add(task.stack);
    const modules = new Set([...moduleMemory(objects)].map((m) => m.start));
    const [stack, module, plain] = [classCode('kernel_stack'), classCode('module'), classCode('vmalloc')];
    for (const area of vmapAreas(objects)) {
      const code = stacks.has(area.start) ? stack : modules.has(area.start) ? module : plain;
      claimPages(machine, claims, area, code);
    }
  },
};

function claimPages(machine: Machine, claims: Claims, { vm }: VmapArea, code: number): void {
  const { objects } = machine;
  const type = objects.struct('vm_struct');
  if (vm === 0n || (type.number(vm, 'flags') & OWNS_PAGES) === 0) return;
  const pages = type.word(vm, 'pages');
  const count = type.number(vm, 'nr_pages');
  if (pages === 0n || count > machine.limit) return;
  const { memory } = objects;
  const size = BigInt(memory.format.wordBytes);
  for (let i = 0; i < count; i++) {
    const page = memory.word(pages + BigInt(i) * size);
    const pfn = page === 0n ? undefined : pfnOfPage(machine, page);
    if (pfn !== undefined) claims.claim(pfn, code);
  }
}
