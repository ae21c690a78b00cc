import type { VirtAddr } from '../../core/address.ts';
import { pfnOfPage } from '../claimant.ts';
import { perfPages } from '../file-rings.ts';
import { AreaIndex, tellAllocation } from './areas.ts';
import { heldBy } from './file-holders.ts';
import type { OwnerFinder, OwnerParts, TellOwner } from './kernel-owner.ts';

const MOST_PAGES = 2 ** 20;

/** The processes that have an io_uring instance or a perf event open, for its rings. */
export const ringOwners: OwnerFinder = {
  name: 'rings of files',
  find(parts, tell) {
    const { machine, holders } = parts;
    const { objects } = machine;
    const file = objects.struct('file');
    const areas = new AreaIndex(objects);
    const [uring, perf] = [objects.findSymbol('io_uring_fops'), objects.findSymbol('perf_fops')];
    for (const at of holders.files) {
      const [operations, own] = [file.word(at, 'f_op'), file.word(at, 'private_data')];
      if (own === 0n) continue;
      if (operations === uring) uringOwner(parts, areas, own, heldBy(holders.of(at), 'io_uring'), tell);
      if (operations !== perf) continue;
      const owner = heldBy(holders.of(at), 'perf event');
      for (const pfn of perfPages(machine, own)) {
        const { head, pages } = (pfn === undefined ? undefined : machine.compounds.at(pfn)) ?? {
          head: pfn,
          pages: 1,
        };
        if (head !== undefined) tell(owner, head, pages);
      }
    }
  },
};

/** The rings of an io_ring_ctx: blocks of their own, and since 6.14 regions (io_uring/memmap.c). */
function uringOwner(
  { machine }: OwnerParts,
  areas: AreaIndex,
  context: VirtAddr,
  owner: string,
  tell: TellOwner,
): void {
  const { objects } = machine;
  const type = objects.struct('io_ring_ctx');
  const region = objects.find('io_mapped_region');
  const { wordBytes } = objects.memory.format;
  for (const member of ['ring_region', 'sq_region', 'param_region'] as const) {
    if (!region || !type.has(member)) continue;
    const at = type.at(context, member);
    const pages = region.word(at, 'pages');
    const count = pages === 0n ? 0 : Math.min(region.number(at, 'nr_pages'), MOST_PAGES);
    for (let i = 0; i < count; i++) {
      const pfn = pfnOfPage(machine, objects.memory.word(pages + BigInt(i * wordBytes)));
      if (pfn !== undefined) tell(owner, pfn);
    }
  }
  for (const member of ['rings', 'sq_sqes'] as const) {
    if (type.has(member)) tellAllocation(machine, areas, type.word(context, member), owner, tell);
  }
}
