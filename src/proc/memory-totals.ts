import { LayoutError } from '../core/errors.ts';
import { rcuListNodes } from '../objects/list.ts';
import { inodesOf } from '../objects/super-blocks.ts';
import { zones } from '../objects/zones.ts';
import type { Counters } from './counters.ts';

/** Memory available without swapping, in pages: si_mem_available() (mm/show_mem.c). */
export function available(counters: Counters): number {
  const { objects } = counters;
  const type = objects.struct('zone');
  const { wordBytes } = objects.memory.format;
  const low = objects.enumerator('zone_watermarks', 'WMARK_LOW')!;
  let marks = 0;
  for (const zone of zones(objects)) {
    const boost = type.has('watermark_boost') ? type.number(zone.address, 'watermark_boost') : 0;
    const at = type.at(zone.address, '_watermark') + BigInt(low * wordBytes);
    marks += Number(objects.memory.word(at)) + boost;
  }
  const cache = counters.need('NR_ACTIVE_FILE') + counters.need('NR_INACTIVE_FILE');
  const reclaimable = counters.need('NR_SLAB_RECLAIMABLE_B') + counters.need('NR_KERNEL_MISC_RECLAIMABLE');
  const least = (pages: number): number => Math.min(Math.floor(pages / 2), marks);
  const free = counters.need('NR_FREE_PAGES') - Number(objects.variable('totalreserve_pages'));
  return Math.max(0, free + cache - least(cache) + reclaimable - least(reclaimable));
}

/** Pages that cache block devices: nr_blockdev_pages() (block/bdev.c). */
export function blockDevicePages({ objects }: Counters): number {
  const inode = objects.struct('inode');
  const mapping = objects.struct('address_space');
  let sum = 0;
  for (const at of inodesOf(objects, objects.variable('blockdev_superblock'))) {
    sum += mapping.number(inode.word(at, 'i_mapping'), 'nrpages');
  }
  return sum;
}

/** Pages in the swap cache: a counter since 5.12, before that the sum over all swapper_spaces (mm/swap_state.c). */
export function anonymousSwapCache(counters: Counters): number {
  const counted = counters.global('NR_SWAPCACHE');
  if (counted !== undefined) return counted;
  const { objects } = counters;
  const { memory } = objects;
  const mapping = objects.struct('address_space');
  const spaces = objects.symbol('swapper_spaces');
  const counts = objects.symbol('nr_swapper_spaces');
  let sum = 0;
  for (let type = 0; type < MOST_SWAP_DEVICES; type++) {
    const first = memory.word(spaces + BigInt(type * memory.format.wordBytes));
    const count = memory.u32(counts + BigInt(type * 4));
    if (first === 0n || count > MOST_SPACES) continue;
    for (let i = 0; i < count; i++) sum += mapping.number(first + BigInt(i * mapping.size), 'nrpages');
  }
  return sum;
}

/** MAX_SWAPFILES is 32 less the special entries; at least 23 remain (include/linux/swap.h). */
const MOST_SWAP_DEVICES = 23;
const MOST_SPACES = 2 ** 20;

/** vm_commit_limit() in pages (mm/util.c). */
export function commitLimit(counters: Counters): number {
  const { objects } = counters;
  const { memory } = objects;
  const kbytes = objects.variable('sysctl_overcommit_kbytes');
  const swap = objects.variable('total_swap_pages');
  if (kbytes !== 0n) return Number(kbytes / BigInt(memory.format.pageSize / 1024) + swap);
  const total = objects.variable('_totalram_pages');
  const hugetlbPages = BigInt((hugetlb(counters).all * 1024) / memory.format.pageSize);
  const ratio = BigInt(memory.u32(objects.symbol('sysctl_overcommit_ratio')));
  return Number(((total - hugetlbPages) * ratio) / 100n + swap);
}

/** Committed pages: a percpu_counter with what CPUs have not yet added. */
export function committed({ objects }: Counters): number {
  const type = objects.struct('percpu_counter');
  const at = objects.symbol('vm_committed_as');
  let sum = type.signed(at, 'count');
  const own = type.word(at, 'counters');
  for (const cpu of objects.perCpu.online) sum += objects.memory.i32(objects.perCpu.pointer(own, cpu));
  return Math.max(0, sum);
}

/** Variables with the ends of the area, if it is not fixed at build time (s390x, ppc64). */
const VMALLOC_ENDS = [
  ['VMALLOC_START', 'VMALLOC_END'],
  ['__vmalloc_start', '__vmalloc_end'],
] as const;

/**
 * VMALLOC_TOTAL in KiB: from VMCOREINFO, from variables, or for x86: 32 TiB with 4-level page tables, 12,800 TiB with
 * 5-level ones.
 */
export function vmallocTotal({ objects }: Counters): number {
  const { vmcoreinfo } = objects.kernel;
  const [start, end] = [vmcoreinfo?.value('VMALLOC_START'), vmcoreinfo?.value('VMALLOC_END')];
  if (start !== undefined && end !== undefined) return Number(BigInt.asUintN(64, end - start) >> 10n);
  for (const [first, last] of VMALLOC_ENDS) {
    if (objects.findSymbol(first) === undefined) continue;
    return Number((objects.variable(last) - objects.variable(first)) >> 10n);
  }
  const { architecture, mode } = objects.memory.space.walker.tables;
  if (architecture.name !== 'x86_64') {
    throw new LayoutError('VMALLOC_END', 'neither VMCOREINFO nor a variable tells where vmalloc ends');
  }
  const tib = mode.levels.length === 5 ? 12800 : 32;
  return Number(((BigInt(tib) << 40n) - 1n) >> 10n);
}

/** pcpu_nr_pages() (mm/percpu.c). */
export function percpuPages({ objects }: Counters): number {
  return Number(objects.variable('pcpu_nr_populated')) * objects.memory.u32(objects.symbol('pcpu_nr_units'));
}

/** Number of huge pages of the default size, and KiB in those of all sizes (mm/hugetlb.c). */
export function hugetlb({ objects }: Counters): {
  readonly total: number;
  readonly free: number;
  readonly reserved: number;
  readonly surplus: number;
  readonly size: number;
  readonly all: number;
} {
  const type = objects.struct('hstate');
  const { memory } = objects;
  const states = objects.symbol('hstates');
  const count = Math.min(16, memory.u32(objects.symbol('hugetlb_max_hstate')));
  const kib = (at: bigint): number => (2 ** type.number(at, 'order') * memory.format.pageSize) / 1024;
  let all = 0;
  for (let i = 0; i < count; i++) {
    const at = states + BigInt(i * type.size);
    all += type.number(at, 'nr_huge_pages') * kib(at);
  }
  const own = states + BigInt(memory.u32(objects.symbol('default_hstate_idx')) * type.size);
  return {
    total: type.number(own, 'nr_huge_pages'),
    free: type.number(own, 'free_huge_pages'),
    reserved: type.number(own, 'resv_huge_pages'),
    surplus: type.number(own, 'surplus_huge_pages'),
    size: kib(own),
    all,
  };
}

/** zswap_total_pages() since 6.18 (mm/zswap.c): pages of the zsmalloc pool of each zswap pool. */
export function zswapPages({ objects }: Counters): number {
  const type = objects.struct('zswap_pool');
  let sum = 0;
  for (const node of rcuListNodes(objects.memory, objects.symbol('zswap_pools'))) {
    const pool = type.word(type.container(node, 'list'), 'zs_pool');
    sum += objects.struct('zs_pool').number(pool, 'pages_allocated');
  }
  return sum;
}
