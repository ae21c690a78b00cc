import type { VirtAddr } from '../core/address.ts';
import { moduleMemory } from '../objects/modules.ts';
import { threads } from '../objects/tasks.ts';
import { areaPages, type VmapArea, vmapAreas } from '../objects/vmap-areas.ts';
import { type Claimant, type Machine, pfnOfPage } from './claimant.ts';
import type { Claims } from './claims.ts';
import { classCode } from './classes.ts';

/** Claims what vmalloc() allocated, and distinguishes kernel stacks and modules. */
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

function claimPages(machine: Machine, claims: Claims, area: VmapArea, code: number): void {
  for (const page of areaPages(machine.objects, area)) {
    const pfn = page === 0n ? undefined : pfnOfPage(machine, page);
    if (pfn !== undefined) claims.claim(pfn, code);
  }
}
