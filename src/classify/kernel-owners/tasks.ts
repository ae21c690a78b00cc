import { moduleMemory } from '../../objects/modules.ts';
import { threads } from '../../objects/tasks.ts';
import { pfnOfAddress } from '../claimant.ts';
import { AreaIndex, tellArea } from './areas.ts';
import type { OwnerFinder } from './kernel-owner.ts';

/** The thread that a stack belongs to (kernel/fork.c). */
export const stackOwners: OwnerFinder = {
  name: 'stacks of tasks',
  find({ machine }, tell) {
    const { objects } = machine;
    const { pageSize } = objects.memory.format;
    const areas = new AreaIndex(objects);
    const linear = Math.floor((objects.find('thread_union')?.size ?? 0) / pageSize);
    for (const { tid, comm, stack } of threads(objects)) {
      if (stack === 0n) continue;
      const owner = `${comm}[${tid}]`;
      const area = areas.at(stack);
      if (area) tellArea(machine, area, owner, tell);
      else {
        const pfn = tid === 0 ? undefined : pfnOfAddress(machine, stack);
        if (pfn !== undefined && objects.directMap(pfn) === stack) tell(owner, pfn, linear);
      }
    }
  },
};

/** The module that code and data belong to (include/linux/module.h). */
export const moduleOwners: OwnerFinder = {
  name: 'modules',
  find({ machine }, tell) {
    const areas = new AreaIndex(machine.objects);
    for (const { module, start } of moduleMemory(machine.objects)) {
      const area = areas.at(start);
      if (area) tellArea(machine, area, `module ${module}`, tell);
    }
  },
};
