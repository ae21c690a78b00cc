import type { PagingMode } from '../arch/architecture.ts';
import { processTables, sharesRoot } from '../objects/process-tables.ts';
import { TableTree, type TableVisitor } from '../objects/table-tree.ts';
import { addressSpaces } from '../objects/tasks.ts';
import type { PageTables } from '../translate/page-walk.ts';
import type { Claimant, Machine } from './claimant.ts';
import type { Claims } from './claims.ts';
import { classCode } from './classes.ts';

/** X86_FEATURE_PTI, word 7 bit 11 of x86_capability (arch/x86/include/asm/cpufeatures.h, since 4.15). */
const PTI = { word: 7, bit: 11 };
/** Address spaces that belong to no process. */
const OTHERS = ['poking_mm'] as const;

/** Claims the page tables of the kernel and of each process, and records what processes map. */
export const pageTables: Claimant = {
  name: 'page tables',
  symbols: ['init_task', 'init_mm', 'efi_mm', 'boot_cpu_data', ...OTHERS],
  claim(machine, claims) {
    const { objects } = machine;
    const { walker } = objects.memory.space;
    const trees = new Map<PagingMode, TableTree>();
    const treeOf = (tables: PageTables): TableTree => {
      const tree =
        trees.get(tables.mode) ?? new TableTree(objects.memory.space.memory, tables, machine.limit);
      trees.set(tables.mode, tree);
      return tree;
    };
    const codes = new Map(
      walker.tables.architecture.pagingModes.flatMap(({ levels }) =>
        levels.map(({ name }) => [name, classCode('page_table', name)] as const),
      ),
    );
    const tables: TableVisitor = {
      table: (pfn, level) => claims.claim(pfn, codes.get(level)!),
    };
    const own = treeOf(walker.tables);
    own.walk(
      walker.tables.root,
      sharesRoot(walker.tables.mode) ? own.rootEntries / 2 : 0,
      own.rootEntries,
      tables,
    );
    const user: TableVisitor = {
      ...tables,
      leaf: (pfn, count) => machine.userMapped.addRange(pfn, count),
    };
    const rootPages = hasPti(machine) ? 2 : 1;
    const userRoot = rootPages === 2 ? classCode('page_table', 'pgd') : undefined;
    const spareRoot = rootPages === 2 ? classCode('kernel', 'spare_root') : undefined;
    for (const name of OTHERS) {
      const at = objects.findSymbol(name);
      const mm = at === undefined ? 0n : objects.memory.word(at);
      if (mm !== 0n) claimRoot(machine, claims, treeOf, mm, spareRoot, user);
    }
    for (const { mm } of addressSpaces(objects)) claimRoot(machine, claims, treeOf, mm, userRoot, user);
  },
};

function claimRoot(
  machine: Machine,
  claims: Claims,
  treeOf: (tables: PageTables) => TableTree,
  mm: bigint,
  behind: number | undefined,
  visitor: TableVisitor,
): void {
  const { objects } = machine;
  const tables = processTables(objects, mm);
  if (!tables) return;
  const tree = treeOf(tables);
  const entries = sharesRoot(tables.mode) ? tree.rootEntries / 2 : tree.rootEntries;
  tree.walk(tables.root, 0, entries, visitor);
  // page table isolation: the root for user space is the next page (arch/x86/include/asm/pgtable.h)
  if (behind !== undefined) claims.claim(tables.root / objects.memory.format.pageSize + 1, behind);
}

function hasPti({ objects }: Machine): boolean {
  const at = objects.findSymbol('boot_cpu_data');
  const cpu = objects.find('cpuinfo_x86');
  if (at === undefined || !cpu) return false;
  const words = cpu.at(at, 'x86_capability');
  return ((objects.memory.u32(words + BigInt(PTI.word * 4)) >>> PTI.bit) & 1) === 1;
}
