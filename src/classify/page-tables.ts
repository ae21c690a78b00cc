import { TableTree, type TableVisitor } from '../objects/table-tree.ts';
import { addressSpaces } from '../objects/tasks.ts';
import { type Claimant, type Machine, pfnOfAddress } from './claimant.ts';
import type { Claims } from './claims.ts';
import { classCode } from './classes.ts';

/** X86_FEATURE_PTI, word 7 bit 11 of x86_capability (arch/x86/include/asm/cpufeatures.h, since 4.15). */
const PTI = { word: 7, bit: 11 };
/** Address spaces that are no process's. */
const OTHERS = ['poking_mm'] as const;

/** The tables of the kernel and of each process; what the processes map is noted on the way. */
export const pageTables: Claimant = {
  name: 'page tables',
  symbols: ['init_task', 'init_mm', 'efi_mm', 'boot_cpu_data', ...OTHERS],
  claim(machine, claims) {
    const { objects } = machine;
    const { walker } = objects.memory.space;
    const tree = new TableTree(objects.memory.space.memory, walker.tables, machine.limit);
    const codes = new Map(
      walker.tables.mode.levels.map(({ name }) => [name, classCode('page_table', name)] as const),
    );
    const tables: TableVisitor = {
      table: (pfn, level) => claims.claim(pfn, codes.get(level)!),
    };
    const half = tree.rootEntries / 2;
    tree.walk(walker.tables.root, half, tree.rootEntries, tables);
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
      if (mm !== 0n) claimRoot(machine, claims, tree, mm, spareRoot, user);
    }
    for (const { mm } of addressSpaces(objects)) claimRoot(machine, claims, tree, mm, userRoot, user);
  },
};

function claimRoot(
  machine: Machine,
  claims: Claims,
  tree: TableTree,
  mm: bigint,
  behind: number | undefined,
  visitor: TableVisitor,
): void {
  const { objects } = machine;
  const root = pfnOfAddress(machine, objects.struct('mm_struct').word(mm, 'pgd'));
  if (root === undefined) return;
  tree.walk(root * objects.memory.format.pageSize, 0, tree.rootEntries / 2, visitor);
  // page table isolation: the root that user space runs on is the page behind (arch/x86/include/asm/pgtable.h)
  if (behind !== undefined) claims.claim(root + 1, behind);
}

function hasPti({ objects }: Machine): boolean {
  const at = objects.findSymbol('boot_cpu_data');
  const cpu = objects.find('cpuinfo_x86');
  if (at === undefined || !cpu) return false;
  const words = cpu.at(at, 'x86_capability');
  return ((objects.memory.u32(words + BigInt(PTI.word * 4)) >>> PTI.bit) & 1) === 1;
}
