import { listNodes } from '../objects/list.ts';
import { perCpuPages, zones } from '../objects/zones.ts';
import { type Claimant, type Machine, pfnOfPage } from './claimant.ts';
import { classCode } from './classes.ts';

/** Pages on the free lists of a CPU (mm/page_alloc.c, struct per_cpu_pages). */
export const perCpuFreeLists: Claimant = {
  name: 'per-CPU free lists',
  symbols: ['node_data', 'contig_page_data', '__cpu_possible_mask', 'nr_cpu_ids', '__per_cpu_offset'],
  claim(machine, claims) {
    const { objects } = machine;
    const { memory } = objects;
    const type = objects.struct('per_cpu_pages');
    const { offset, size } = type.place('lists');
    const list = objects.struct('list_head').size;
    const node = BigInt(nodeOffset(machine));
    const types = objects.enumerator('migratetype', 'MIGRATE_PCPTYPES') ?? 3;
    const code = classCode('free_pcp');
    for (const zone of zones(objects)) {
      if (zone.managed === 0) continue;
      for (const cpu of objects.perCpu.cpus) {
        const pages = perCpuPages(objects, zone.address, cpu);
        for (let i = 0; (i + 1) * list <= size; i++) {
          const order = orderOfList(i, types, size / list);
          for (const at of listNodes(memory, pages + BigInt(offset + i * list))) {
            const pfn = pfnOfPage(machine, at - node);
            if (pfn !== undefined) claims.claim(pfn, code, 2 ** order);
          }
        }
      }
    }
  },
};

/** PAGE_ALLOC_COSTLY_ORDER, and the order of a huge page (pageblock_order or HPAGE_PMD_ORDER). */
const COSTLY_ORDER = 3;
const HUGE_ORDER = 9;

/**
 * Lists are by order and, within an order, by migratetype; those after the costly order are for huge pages
 * (order_to_pindex).
 */
export function orderOfList(index: number, types: number, lists: number): number {
  if (lists <= types) return 0;
  const order = Math.floor(index / types);
  return order > COSTLY_ORDER ? HUGE_ORDER : order;
}

/** The place of a free page's list_head in its struct page. */
function nodeOffset({ objects }: Machine): number {
  const page = objects.struct('page');
  return page.has('pcp_list') ? page.offset('pcp_list') : page.offset('lru');
}
