import { StructPageError } from '../core/errors.ts';
import type { Objects } from '../objects/objects.ts';
import { Counters } from './counters.ts';
import { FormatStrings } from './format-strings.ts';
import {
  anonymousSwapCache,
  available,
  blockDevicePages,
  commitLimit,
  committed,
  hugetlb,
  percpuPages,
  vmallocTotal,
  zswapPages,
} from './memory-totals.ts';

/** A line of /proc/meminfo; the value is in KiB unless the format says otherwise. */
interface MeminfoRow {
  /** As in the kernel's read-only data, including its colon and blanks. */
  readonly label: string;
  readonly value: (counters: Counters) => number;
  /** The format of the number; by default 8 places and ` kB`. */
  readonly print?: (value: number) => string;
}

const kib = (counters: Counters, pages: number): number =>
  (pages * counters.objects.memory.format.pageSize) / 1024;
const pages =
  (...names: string[]) =>
  (counters: Counters): number =>
    kib(
      counters,
      names.reduce((sum, name) => sum + counters.need(name), 0),
    );
/** Huge pages, counted as such until 5.11. */
const huge =
  (name: string) =>
  (counters: Counters): number =>
    kib(counters, counters.need(name) * (counters.hugeCountedInPages ? 1 : counters.hugePages));
const variable =
  (name: string) =>
  ({ objects }: Counters): number =>
    Number(BigInt.asIntN(64, objects.variable(name)));
const inPages =
  (value: (counters: Counters) => number) =>
  (counters: Counters): number =>
    kib(counters, value(counters));
const short = (value: number): string => `${String(value).padStart(5)} kB`;
const count = (value: number): string => String(value).padStart(5);

/** Every line of /proc/meminfo since 5.10, in order (fs/proc/meminfo.c). A kernel prints those for which it has a label. */
const ROWS: readonly MeminfoRow[] = [
  { label: 'MemTotal:       ', value: inPages(variable('_totalram_pages')) },
  { label: 'MemFree:        ', value: pages('NR_FREE_PAGES') },
  { label: 'MemAvailable:   ', value: inPages(available) },
  { label: 'Buffers:        ', value: inPages(blockDevicePages) },
  {
    label: 'Cached:         ',
    value: inPages((c) => Math.max(0, c.need('NR_FILE_PAGES') - anonymousSwapCache(c) - blockDevicePages(c))),
  },
  { label: 'SwapCached:     ', value: inPages(anonymousSwapCache) },
  { label: 'Active:         ', value: pages('NR_ACTIVE_ANON', 'NR_ACTIVE_FILE') },
  { label: 'Inactive:       ', value: pages('NR_INACTIVE_ANON', 'NR_INACTIVE_FILE') },
  { label: 'Active(anon):   ', value: pages('NR_ACTIVE_ANON') },
  { label: 'Inactive(anon): ', value: pages('NR_INACTIVE_ANON') },
  { label: 'Active(file):   ', value: pages('NR_ACTIVE_FILE') },
  { label: 'Inactive(file): ', value: pages('NR_INACTIVE_FILE') },
  { label: 'Unevictable:    ', value: pages('NR_UNEVICTABLE') },
  { label: 'Mlocked:        ', value: pages('NR_MLOCK') },
  { label: 'SwapTotal:      ', value: inPages(variable('total_swap_pages')) },
  { label: 'SwapFree:       ', value: inPages(variable('nr_swap_pages')) },
  { label: 'Zswap:          ', value: inPages(zswapPages) },
  { label: 'Zswapped:       ', value: inPages(variable('zswap_stored_pages')) },
  { label: 'Dirty:          ', value: pages('NR_FILE_DIRTY') },
  { label: 'Writeback:      ', value: pages('NR_WRITEBACK') },
  { label: 'AnonPages:      ', value: pages('NR_ANON_MAPPED') },
  { label: 'Mapped:         ', value: pages('NR_FILE_MAPPED') },
  { label: 'Shmem:          ', value: pages('NR_SHMEM') },
  { label: 'KReclaimable:   ', value: pages('NR_SLAB_RECLAIMABLE_B', 'NR_KERNEL_MISC_RECLAIMABLE') },
  { label: 'Slab:           ', value: pages('NR_SLAB_RECLAIMABLE_B', 'NR_SLAB_UNRECLAIMABLE_B') },
  { label: 'SReclaimable:   ', value: pages('NR_SLAB_RECLAIMABLE_B') },
  { label: 'SUnreclaim:     ', value: pages('NR_SLAB_UNRECLAIMABLE_B') },
  { label: 'KernelStack:    ', value: (c) => c.need('NR_KERNEL_STACK_KB') },
  { label: 'PageTables:     ', value: pages('NR_PAGETABLE') },
  { label: 'SecPageTables:  ', value: (c) => kib(c, c.global('NR_SECONDARY_PAGETABLE') ?? 0) },
  { label: 'NFS_Unstable:   ', value: () => 0 },
  { label: 'Bounce:         ', value: (c) => kib(c, c.global('NR_BOUNCE') ?? 0) },
  { label: 'WritebackTmp:   ', value: (c) => kib(c, c.global('NR_WRITEBACK_TEMP') ?? 0) },
  { label: 'CommitLimit:    ', value: inPages(commitLimit) },
  { label: 'Committed_AS:   ', value: inPages(committed) },
  { label: 'VmallocTotal:   ', value: vmallocTotal },
  {
    label: 'VmallocUsed:    ',
    value: inPages((c) => c.global('NR_VMALLOC') ?? variable('nr_vmalloc_pages')(c)),
  },
  { label: 'VmallocChunk:   ', value: () => 0 },
  { label: 'Percpu:         ', value: inPages(percpuPages) },
  { label: 'HardwareCorrupted: ', value: inPages(variable('num_poisoned_pages')), print: short },
  { label: 'AnonHugePages:  ', value: huge('NR_ANON_THPS') },
  { label: 'ShmemHugePages: ', value: huge('NR_SHMEM_THPS') },
  { label: 'ShmemPmdMapped: ', value: huge('NR_SHMEM_PMDMAPPED') },
  { label: 'FileHugePages:  ', value: huge('NR_FILE_THPS') },
  { label: 'FilePmdMapped:  ', value: huge('NR_FILE_PMDMAPPED') },
  { label: 'CmaTotal:       ', value: inPages(variable('totalcma_pages')) },
  { label: 'CmaFree:        ', value: pages('NR_FREE_CMA_PAGES') },
  { label: 'Unaccepted:     ', value: pages('NR_UNACCEPTED') },
  { label: 'Balloon:        ', value: pages('NR_BALLOON_PAGES') },
  { label: 'GPUActive:      ', value: pages('NR_GPU_ACTIVE') },
  { label: 'GPUReclaim:     ', value: pages('NR_GPU_RECLAIM') },
  { label: 'HugePages_Total:   ', value: (c) => hugetlb(c).total, print: count },
  { label: 'HugePages_Free:    ', value: (c) => hugetlb(c).free, print: count },
  { label: 'HugePages_Rsvd:    ', value: (c) => hugetlb(c).reserved, print: count },
  { label: 'HugePages_Surp:    ', value: (c) => hugetlb(c).surplus, print: count },
  { label: 'Hugepagesize:   ', value: (c) => hugetlb(c).size },
  { label: 'Hugetlb:        ', value: (c) => hugetlb(c).all },
  { label: 'DirectMap4k:    ', value: directMap('PG_LEVEL_4K', 2) },
  { label: 'DirectMap2M:    ', value: directMap('PG_LEVEL_2M', 11) },
  { label: 'DirectMap4M:    ', value: directMap('PG_LEVEL_2M', 12) },
  { label: 'DirectMap1G:    ', value: directMap('PG_LEVEL_1G', 20) },
];

/** Lines whose label is in one format string with previous lines, or that only some machines print. */
const ALWAYS: Readonly<Record<string, (counters: Counters) => boolean>> = {
  'HugePages_Total:   ': hasHugetlb,
  'HugePages_Free:    ': hasHugetlb,
  'HugePages_Rsvd:    ': hasHugetlb,
  'HugePages_Surp:    ': hasHugetlb,
  'Hugepagesize:   ': hasHugetlb,
  'Hugetlb:        ': hasHugetlb,
  'DirectMap1G:    ': (c) => {
    const at = c.objects.findSymbol('direct_gbpages');
    return at !== undefined && c.objects.memory.u32(at) !== 0;
  },
};

/** Whether the machine has huge pages: a kernel that supports them prints nothing where there are none. */
function hasHugetlb({ objects }: Counters): boolean {
  const count = objects.findSymbol('hugetlb_max_hstate');
  return count !== undefined && objects.memory.u32(count) > 0;
}

/** Other architectures count the direct map by other page sizes. */
function hasDirectMap({ objects }: Counters): boolean {
  return objects.enumerator('pg_level', 'PG_LEVEL_4K') !== undefined;
}

/** A line of /proc/meminfo. */
export interface MeminfoLine {
  readonly name: string;
  /** KiB, or pages for `HugePages_...`. */
  readonly value: number;
  readonly text: string;
}

/** /proc/meminfo, line by line (fs/proc/meminfo.c). Lines that cannot be computed are left out and reported. */
export function meminfo(objects: Objects, trouble: (sentence: string) => void = () => {}): MeminfoLine[] {
  const counters = new Counters(objects);
  const formats = new FormatStrings(objects);
  return ROWS.flatMap(({ label, value, print }) => {
    const shown = ALWAYS[label]?.(counters) ?? formats.hasLabel(label);
    if (!shown || (label.startsWith('DirectMap') && !hasDirectMap(counters))) return [];
    let number: number;
    try {
      number = value(counters);
    } catch (error) {
      if (!(error instanceof StructPageError)) throw error;
      trouble(`the line ${label.trim()} is left out: ${error.message}`);
      return [];
    }
    const text = `${label}${print ? print(number) : `${String(number).padStart(8)} kB`}`;
    return [{ name: label.slice(0, label.indexOf(':')), value: number, text }];
  });
}

/** As the kernel prints it. */
export function meminfoText(objects: Objects, trouble: (sentence: string) => void): string {
  return meminfo(objects, trouble)
    .map(({ text }) => `${text}\n`)
    .join('');
}

/** Memory that the direct map maps by pages of one size (arch/x86/mm/pat/set_memory.c). */
function directMap(level: string, shift: number): (counters: Counters) => number {
  return ({ objects }) => {
    const index = objects.enumerator('pg_level', level);
    const array = objects.findSymbol('direct_pages_count');
    if (index === undefined || array === undefined) return 0;
    const { memory } = objects;
    return Number(memory.word(array + BigInt(index * memory.format.wordBytes)) << BigInt(shift));
  };
}
