import type { VirtAddr } from '../core/address.ts';
import { LayoutError } from '../core/errors.ts';
import type { Objects } from '../objects/objects.ts';
import { zones } from '../objects/zones.ts';

/** Symbols that the files of /proc need, looked up in one pass. */
export const PROC_SYMBOLS: readonly string[] = [
  'vm_zone_stat',
  'vm_node_stat',
  'vm_numa_event',
  'vm_numa_stat',
  'vm_event_states',
  'vmstat_text',
  'migratetype_names',
  '__cpu_online_mask',
  '__cpu_possible_mask',
  'nr_cpu_ids',
  '__per_cpu_offset',
  'node_data',
  'contig_page_data',
  '__start_rodata',
  '__end_rodata',
  '_totalram_pages',
  'totalreserve_pages',
  'blockdev_superblock',
  'swapper_spaces',
  'nr_swapper_spaces',
  'total_swap_pages',
  'nr_swap_pages',
  'sysctl_overcommit_kbytes',
  'sysctl_overcommit_ratio',
  'vm_committed_as',
  'vmalloc_base',
  'nr_vmalloc_pages',
  'pcpu_nr_populated',
  'pcpu_nr_units',
  'num_poisoned_pages',
  'totalcma_pages',
  'zswap_stored_pages',
  'zswap_pools',
  'hstates',
  'hugetlb_max_hstate',
  'default_hstate_idx',
  'direct_pages_count',
  'direct_gbpages',
  'vm_dirty_bytes',
  'dirty_background_bytes',
  'vm_dirty_ratio',
  'dirty_background_ratio',
  'nr_memmap_pages',
  'nr_memmap_boot_pages',
  'slab_caches',
];

/** One kind of counters: an enum, its last constant, and how many there are. */
interface Kind {
  readonly names: ReadonlyMap<string, number>;
  readonly count: number;
}

/**
 * The counters of /proc/vmstat as the kernel stores them, without what CPUs have not yet added (include/linux/vmstat.h).
 */
export class Counters {
  readonly objects: Objects;
  readonly zone: Kind;
  readonly numa: Kind;
  readonly node: Kind;
  /** Limits of dirty pages, and since 6.11 pages of struct pages. */
  readonly other: Kind;
  readonly events: Kind;
  /** The names in /proc/vmstat, in its order. */
  readonly names: readonly string[];
  /** Until 5.11 a huge page counted as one, later as its number of pages; the printed value did not change. */
  readonly hugeCountedInPages: boolean;

  constructor(objects: Objects) {
    this.objects = objects;
    objects.kernel.symbols(PROC_SYMBOLS);
    this.zone = kindOf(objects, 'zone_stat_item', ['NR_VM_ZONE_STAT_ITEMS']);
    // a kernel without CONFIG_NUMA has an empty enum or none; it has one node
    const hasNuma =
      objects.types.enumerators('numa_stat_item') !== undefined ||
      objects.findSymbol('contig_page_data') === undefined;
    this.numa = hasNuma
      ? kindOf(objects, 'numa_stat_item', ['NR_VM_NUMA_EVENT_ITEMS', 'NR_VM_NUMA_STAT_ITEMS'], 0)
      : { names: new Map(), count: 0 };
    this.node = kindOf(objects, 'node_stat_item', ['NR_VM_NODE_STAT_ITEMS']);
    this.other = kindOf(
      objects,
      objects.types.enumerators('vm_stat_item') ? 'vm_stat_item' : 'writeback_stat_item',
      ['NR_VM_STAT_ITEMS', 'NR_VM_WRITEBACK_STAT_ITEMS'],
    );
    this.events = kindOf(objects, 'vm_event_item', ['NR_VM_EVENT_ITEMS']);
    this.hugeCountedInPages = this.node.names.has('NR_SWAPCACHE');
    this.names = textsOf(
      objects,
      'vmstat_text',
      this.zone.count + this.numa.count + this.node.count + this.other.count + this.events.count,
    );
  }

  /** A counter over all zones or all nodes, by its enumerator; undefined if this kernel lacks it. */
  global(name: string): number | undefined {
    const zone = this.zone.names.get(name);
    if (zone !== undefined) return this.globals('vm_zone_stat', zone);
    const node = this.node.names.get(name);
    return node === undefined ? undefined : this.globals('vm_node_stat', node);
  }

  /** Like `global`, for counters that every kernel has. */
  need(name: string): number {
    const value = this.global(name);
    if (value === undefined) throw new LayoutError(name, 'the kernel has no such counter');
    return value;
  }

  /** An element of an array of atomic counters; the kernel never prints less than 0. */
  globals(symbol: string, index: number): number {
    return this.counter(this.objects.symbol(symbol), index);
  }

  /** An element of an array of counters at an address. */
  counter(array: VirtAddr, index: number): number {
    const { memory } = this.objects;
    const { wordBytes } = memory.format;
    return Math.max(0, Number(BigInt.asIntN(wordBytes * 8, memory.word(array + BigInt(index * wordBytes)))));
  }

  /** NUMA events of all zones, or of one. Until 5.13, what CPUs had not yet added was included for a zone only. */
  numaEvent(index: number, zone?: VirtAddr): number {
    const type = this.objects.struct('zone');
    if (type.has('per_cpu_zonestats')) {
      let sum =
        zone === undefined
          ? this.globals('vm_numa_event', index)
          : this.counter(type.at(zone, 'vm_numa_event'), index);
      for (const at of zone === undefined ? this.#zones() : [zone]) sum += this.#pendingEvents(at, index);
      return sum;
    }
    if (zone === undefined) return this.globals('vm_numa_stat', index);
    return this.counter(type.at(zone, 'vm_numa_stat'), index) + this.#oldPending(zone, index);
  }

  #zones(): bigint[] {
    return [...zones(this.objects)].filter((z) => z.present > 0).map((z) => z.address);
  }

  #pendingEvents(zone: VirtAddr, index: number): number {
    const { perCpu } = this.objects;
    const stats = this.objects.struct('per_cpu_zonestat');
    const pointer = this.objects.struct('zone').word(zone, 'per_cpu_zonestats');
    if (!stats.has('vm_numa_event') || pointer === 0n) return 0;
    let sum = 0;
    for (const cpu of perCpu.online) {
      sum += this.counter(stats.at(perCpu.pointer(pointer, cpu), 'vm_numa_event'), index);
    }
    return sum;
  }

  #oldPending(zone: VirtAddr, index: number): number {
    const { perCpu, memory } = this.objects;
    const stats = this.objects.struct('per_cpu_pageset');
    const pointer = this.objects.struct('zone').word(zone, 'pageset');
    if (!stats.has('vm_numa_stat_diff')) return 0;
    let sum = 0;
    for (const cpu of perCpu.online) {
      sum += memory.u16(stats.at(perCpu.pointer(pointer, cpu), 'vm_numa_stat_diff') + BigInt(index * 2));
    }
    return sum;
  }

  /** Events of all online CPUs. */
  event(index: number): number {
    const { perCpu } = this.objects;
    let sum = 0;
    for (const cpu of perCpu.online) sum += this.counter(perCpu.symbol('vm_event_states', cpu), index);
    return sum;
  }

  /** A node counter as printed. */
  shown(index: number, value: number): number {
    return this.hugeCountedInPages && this.#huge().has(index) ? Math.floor(value / this.hugePages) : value;
  }

  /** Pages of a huge page. */
  get hugePages(): number {
    return 2 ** this.objects.memory.space.walker.tables.mode.levels.at(-1)!.bits;
  }

  #huge(): Set<number> {
    const names = [
      'NR_ANON_THPS',
      'NR_FILE_THPS',
      'NR_SHMEM_THPS',
      'NR_SHMEM_PMDMAPPED',
      'NR_FILE_PMDMAPPED',
    ];
    return new Set(names.flatMap((n) => this.node.names.get(n) ?? []));
  }
}

function kindOf(objects: Objects, name: string, ends: readonly string[], otherwise?: number): Kind {
  const names = objects.types.enumerators(name) ?? new Map<string, bigint>();
  const end = ends.map((e) => names.get(e)).find((e) => e !== undefined) ?? otherwise;
  if (end === undefined) throw new LayoutError(`enum ${name}`, `it has no ${ends.join(' or ')}`);
  return { names: new Map([...names].map(([n, v]) => [n, Number(v)])), count: Number(end) };
}

/** An array of pointers to texts. */
export function textsOf(objects: Objects, name: string, count: number): string[] {
  const { memory } = objects;
  const array = objects.symbol(name);
  const { wordBytes } = memory.format;
  return Array.from({ length: count }, (_, i) => {
    const at = memory.word(array + BigInt(i * wordBytes));
    return at === 0n ? '' : memory.string(at, 64);
  });
}
