import { threads } from '../objects/tasks.ts';
import { type Claimant, pfnOfAddress } from './claimant.ts';
import { classCode } from './classes.ts';

/** Stacks in the direct map, on kernels without CONFIG_VMAP_STACK; stacks smaller than a page are slab objects. */
export const taskStacks: Claimant = {
  name: 'stacks of tasks',
  symbols: ['init_task'],
  claim(machine, claims) {
    const { objects } = machine;
    const { pageSize } = objects.memory.format;
    const code = classCode('kernel_stack', 'linear');
    for (const { tid, stack } of threads(objects)) {
      // the stack of the first task is in the kernel image
      if (tid === 0 || stack === 0n) continue;
      const pfn = pfnOfAddress(machine, stack);
      if (pfn === undefined || objects.directMap(pfn) !== stack) continue;
      // THREAD_SIZE (include/linux/sched.h)
      const pages = Math.floor(objects.struct('thread_union').size / pageSize);
      claims.claim(pfn, code, pages);
    }
  },
};
