import { PAGE_CLASSES } from '../classify/classes.ts';
import { StructPageError } from '../core/errors.ts';
import type { Inspector } from '../inspector/inspector.ts';
import { perCpuPages, zones } from '../objects/zones.ts';
import { Counters } from '../proc/counters.ts';
import { anonymousSwapCache, hugetlb, percpuPages } from '../proc/memory-totals.ts';
import { defineTable, type TableDefinition } from './table-definition.ts';

/** A counter of the kernel, and the classes whose pages it counts. */
interface Line {
  readonly item: string;
  /** The value of the kernel's own counter, in pages; undefined if this kernel has none. */
  readonly kernel: (counters: Counters) => number | undefined;
  /** The classes that the counter covers, as `name` or `name:subclass`. */
  readonly classes: readonly string[];
  /** Other reasons for a difference. */
  readonly note: string;
}

const LINES: readonly Line[] = [
  {
    item: 'free',
    kernel: (c) => c.need('NR_FREE_PAGES'),
    classes: ['free_buddy'],
    note: 'CPUs add their changes to the counter in batches',
  },
  { item: 'free with a CPU', kernel: onCpuLists, classes: ['free_pcp'], note: '' },
  {
    item: 'slab',
    kernel: (c) => c.need('NR_SLAB_RECLAIMABLE_B') + c.need('NR_SLAB_UNRECLAIMABLE_B'),
    classes: ['slab', 'large_kmalloc', 'bpf:btf'],
    note: 'the counter includes large kmalloc, whose pages have no type until 6.16: most are unknown',
  },
  {
    item: 'anonymous, mapped',
    kernel: (c) => c.need('NR_ANON_MAPPED'),
    classes: ['anon', 'ksm'],
    note: 'the counter leaves out pages that are no longer mapped',
  },
  {
    item: 'page cache and swap cache',
    kernel: (c) => c.need('NR_FILE_PAGES') - anonymousSwapCache(c),
    classes: ['file', 'shmem', 'secretmem'],
    note: '',
  },
  { item: 'shmem', kernel: (c) => c.need('NR_SHMEM'), classes: ['shmem'], note: '' },
  {
    item: 'page tables',
    kernel: (c) => c.global('NR_PAGETABLE'),
    classes: ['page_table'],
    note: 'the counter leaves out tables of early boot, and until 7.0 root tables',
  },
  {
    item: 'kernel stacks',
    kernel: (c) => Math.floor((c.need('NR_KERNEL_STACK_KB') * 1024) / c.objects.memory.format.pageSize),
    classes: ['kernel_stack'],
    note: 'the stack of the first task is in the kernel image; idle stacks are under vmalloc',
  },
  {
    item: 'vmalloc',
    kernel: (c) => c.global('NR_VMALLOC') ?? variable(c, 'nr_vmalloc_pages'),
    classes: ['vmalloc:', 'vmalloc:idle_stack', 'kernel_stack:', 'module'],
    note: 'stacks and modules are vmalloc memory',
  },
  {
    item: 'per-CPU memory',
    kernel: (counters) => percpuPages(counters),
    classes: ['percpu', 'vmalloc:percpu'],
    note: 'the counter has only the dynamic part; the first chunk also has static variables',
  },
  { item: 'huge pages', kernel: hugePages, classes: ['hugetlb', 'hugetlb_free'], note: '' },
  { item: 'zsmalloc', kernel: (c) => c.global('NR_ZSPAGES'), classes: ['zsmalloc'], note: '' },
  {
    item: 'balloon',
    kernel: (c) => c.global('NR_BALLOON_PAGES'),
    classes: ['balloon'],
    note: 'counted since 6.18',
  },
  { item: 'poisoned', kernel: (c) => variable(c, 'num_poisoned_pages'), classes: ['hwpoison'], note: '' },
];

/** Compares the classes of pages with the kernel's own counters, in pages. */
export const balance: TableDefinition = defineTable({
  name: 'balance',
  help: "pages of each class compared with the kernel's counters, and unexplained pages",
  columns: [
    { name: 'item', kind: 'name', help: 'kind of memory' },
    { name: 'kernel', kind: 'number', mayBeEmpty: true, help: "pages that the kernel's counter gives" },
    { name: 'found', kind: 'number', help: 'pages found in these classes' },
    { name: 'difference', kind: 'number', mayBeEmpty: true, help: 'kernel minus found' },
    { name: 'classes', kind: 'name', help: 'classes counted in found' },
    { name: 'note', kind: 'name', mayBeEmpty: true, help: 'possible cause of the difference' },
  ],
  *rows(inspector, trouble) {
    const pages = countByClass(inspector);
    for (const { what, why } of inspector.gaps) trouble(`cannot follow the ${what} to the end: ${why}`);
    const counters = new Counters(inspector.objects);
    for (const { item, kernel, classes, note } of LINES) {
      const found = sum(pages, classes);
      let value: number | undefined;
      try {
        value = kernel(counters);
      } catch (error) {
        if (!(error instanceof StructPageError)) throw error;
        trouble(`${item}: ${error.message}`);
      }
      const difference = value === undefined ? undefined : value - found;
      const shown = difference === 0 || difference === undefined ? undefined : note;
      yield { item, kernel: value, found, difference, classes: classes.join(' '), note: shown };
    }
    const unknown = sum(pages, ['unknown']);
    yield {
      item: 'not explained',
      kernel: undefined,
      found: unknown,
      difference: undefined,
      classes: 'unknown',
      note: shareOf(unknown, pages),
    };
  },
});

/** Pages by `name:subclass`. */
function countByClass({ classes: { codes } }: Inspector): Map<string, number> {
  const counts = new Float64Array(PAGE_CLASSES.length);
  for (const code of codes) counts[code]!++;
  return new Map(PAGE_CLASSES.map(({ name, subclass }, code) => [`${name}:${subclass}`, counts[code]!]));
}

/** The pages of some classes; a name without a colon includes all of its subclasses. */
function sum(pages: ReadonlyMap<string, number>, classes: readonly string[]): number {
  let total = 0;
  for (const [name, count] of pages) {
    if (classes.some((c) => (c.includes(':') ? c === name : name.startsWith(`${c}:`)))) total += count;
  }
  return total;
}

function shareOf(unknown: number, pages: ReadonlyMap<string, number>): string {
  const all = [...pages.values()].reduce((a, b) => a + b, 0) - sum(pages, ['hole']);
  return `${((100 * unknown) / Math.max(1, all)).toFixed(2)} % of the ${all} pages of RAM`;
}

function variable({ objects }: Counters, name: string): number | undefined {
  return objects.findSymbol(name) === undefined ? undefined : Number(objects.variable(name));
}

function onCpuLists({ objects }: Counters): number {
  const type = objects.struct('per_cpu_pages');
  let pages = 0;
  for (const zone of zones(objects)) {
    if (zone.managed === 0) continue;
    for (const cpu of objects.perCpu.cpus) {
      pages += type.signed(perCpuPages(objects, zone.address, cpu), 'count');
    }
  }
  return pages;
}

function hugePages(counters: Counters): number {
  return (hugetlb(counters).all * 1024) / counters.objects.memory.format.pageSize;
}
