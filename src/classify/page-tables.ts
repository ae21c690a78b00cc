import type { PagingMode } from '../arch/architecture.ts';
import type { Pfn, VirtAddr } from '../core/address.ts';
import { processTables, sharesRoot } from '../objects/process-tables.ts';
import { TableTree, type TableVisitor } from '../objects/table-tree.ts';
import { addressSpaces, type Task } from '../objects/tasks.ts';
import type { PageTables } from '../translate/page-walk.ts';
import type { Claimant, Machine } from './claimant.ts';
import { classCode } from './classes.ts';

/** X86_FEATURE_PTI, word 7 bit 11 of x86_capability (arch/x86/include/asm/cpufeatures.h, since 4.15). */
const PTI = { word: 7, bit: 11 };
/** Address spaces that belong to no process. */
const OTHERS = ['poking_mm'] as const;

/** What is to be told of the tables of the kernel and of processes. */
interface TableVisitors {
  readonly kernel: TableVisitor;
  /** Address spaces that belong to no process. */
  readonly ofOther: TableVisitor;
  ofProcess(task: Task): TableVisitor;
}

/** Claims the page tables of the kernel and of each process, and records what processes map. */
export const pageTables: Claimant = {
  name: 'page tables',
  symbols: ['init_task', 'init_mm', 'efi_mm', 'boot_cpu_data', ...OTHERS],
  claim(machine, claims) {
    const { objects } = machine;
    const codes = new Map(
      objects.memory.space.walker.tables.architecture.pagingModes.flatMap(({ levels }) =>
        levels.map(({ name }) => [name, classCode('page_table', name)] as const),
      ),
    );
    const kernel: TableVisitor = {
      table: (pfn, level) => claims.claim(pfn, codes.get(level)!),
    };
    const user: TableVisitor = {
      ...kernel,
      leaf: (pfn, count) => machine.userMapped.addRange(pfn, count),
    };
    // page table isolation: the root for user space is the next page (arch/x86/include/asm/pgtable.h)
    const hasTwo = hasPti(machine);
    const userRoot = classCode('page_table', 'pgd');
    const spareRoot = classCode('kernel', 'spare_root');
    const visitors = { kernel, ofOther: user, ofProcess: () => user };
    walkTables(machine, visitors, (root, task) => {
      if (hasTwo) claims.claim(root + 1, task ? userRoot : spareRoot);
    });
  },
};

/**
 * Walks the page tables of the kernel and of each address space, every table once. `onRoot` receives the page frame of the root of
 * an address space, and a task that has it; those of the kernel's own have none.
 */
export function walkTables(
  machine: Machine,
  visitors: TableVisitors,
  onRoot?: (root: Pfn, task: Task | undefined) => void,
): void {
  const { objects } = machine;
  const { walker } = objects.memory.space;
  const trees = new Map<PagingMode, TableTree>();
  const treeOf = (tables: PageTables): TableTree => {
    const tree = trees.get(tables.mode) ?? new TableTree(objects.memory.space.memory, tables, machine.limit);
    trees.set(tables.mode, tree);
    return tree;
  };
  const own = treeOf(walker.tables);
  const first = sharesRoot(walker.tables.mode) ? own.rootEntries / 2 : 0;
  own.walk(walker.tables.root, first, own.rootEntries, visitors.kernel);
  const walk = (mm: VirtAddr, task: Task | undefined): void => {
    const tables = processTables(objects, mm);
    if (!tables) return;
    const tree = treeOf(tables);
    const entries = sharesRoot(tables.mode) ? tree.rootEntries / 2 : tree.rootEntries;
    tree.walk(tables.root, 0, entries, task ? visitors.ofProcess(task) : visitors.ofOther);
    onRoot?.(tables.root / objects.memory.format.pageSize, task);
  };
  for (const name of OTHERS) {
    const at = objects.findSymbol(name);
    const mm = at === undefined ? 0n : objects.memory.word(at);
    if (mm !== 0n) walk(mm, undefined);
  }
  for (const { mm, task } of addressSpaces(objects)) walk(mm, task);
}

function hasPti({ objects }: Machine): boolean {
  const at = objects.findSymbol('boot_cpu_data');
  const cpu = objects.find('cpuinfo_x86');
  if (at === undefined || !cpu) return false;
  const words = cpu.at(at, 'x86_capability');
  return ((objects.memory.u32(words + BigInt(PTI.word * 4)) >>> PTI.bit) & 1) === 1;
}
