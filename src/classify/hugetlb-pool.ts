import { listNodes } from '../objects/list.ts';
import { type Claimant, pfnOfPage } from './claimant.ts';
import { classCode } from './classes.ts';

/** Huge pages that are free in the pool: hstates[].hugepage_freelists[node] (mm/hugetlb.c). */
export const hugetlbPool: Claimant = {
  name: 'pool of huge pages',
  symbols: ['hstates', 'hugetlb_max_hstate'],
  claim(machine, claims) {
    const { objects } = machine;
    const at = objects.findSymbol('hstates');
    const type = objects.find('hstate');
    if (at === undefined || !type) return;
    const count = Math.min(16, objects.memory.u32(objects.symbol('hugetlb_max_hstate')));
    const lists = type.place('hugepage_freelists');
    const size = objects.struct('list_head').size;
    const lru = BigInt(machine.objects.struct('page').offset('lru'));
    const code = classCode('hugetlb_free');
    for (let i = 0; i < count; i++) {
      const state = at + BigInt(i * type.size);
      const order = type.number(state, 'order');
      // only the lists of nodes with such pages were ever modified after boot
      if (order === 0 || order > 30 || type.number(state, 'free_huge_pages') === 0) continue;
      for (let node = 0; (node + 1) * size <= lists.size; node++) {
        const head = state + BigInt(lists.offset + node * size);
        if (objects.memory.word(head) === 0n) continue;
        for (const link of listNodes(objects.memory, head)) {
          const pfn = pfnOfPage(machine, link - lru);
          if (pfn !== undefined) claims.claim(pfn, code, 2 ** order);
        }
      }
    }
  },
};
