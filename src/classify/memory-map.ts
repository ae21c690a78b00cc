import { resources } from '../objects/resources.ts';
import type { Claimant } from './claimant.ts';
import { classCode } from './classes.ts';

/** The physical frames that hold the array of struct pages. */
export const memoryMap: Claimant = {
  name: 'array of struct pages',
  symbols: [],
  claim(machine, claims) {
    const { pageSize } = machine.objects.memory.format;
    const code = classCode('memmap');
    for (const { pfns, physical } of machine.reader.survey().places) {
      if (physical === undefined) continue;
      const first = Math.floor(physical / pageSize);
      const last = Math.floor((physical + pfns * machine.model.pageSize - 1) / pageSize);
      claims.claim(first, code, last - first + 1);
    }
  },
};

/** Frames that the firmware or the command line reserves (/proc/iomem). */
export const physicalMap: Claimant = {
  name: 'tree of resources',
  symbols: ['iomem_resource'],
  claim(machine, claims) {
    const { pageSize } = machine.objects.memory.format;
    const ram: [number, number][] = [];
    const crashKernel = classCode('reserved', 'crash_kernel');
    for (const { name, start, end, depth } of resources(machine.objects)) {
      if (name.startsWith('Crash kernel')) {
        const first = Math.ceil(start / pageSize);
        claims.claim(first, crashKernel, Math.floor((end + 1) / pageSize) - first);
      }
      if (depth !== 0 || !name.startsWith('System RAM')) continue;
      // a page counts as memory if any of it does
      ram.push([Math.floor(start / pageSize), Math.ceil((end + 1) / pageSize)]);
    }
    if (ram.length === 0) return;
    let before = 0;
    const code = classCode('hole');
    for (const [first, end] of [...ram, [machine.limit, machine.limit]]) {
      if (first! > before) claims.claim(before, code, first! - before);
      before = Math.max(before, end!);
    }
  },
};
