import type { PagingMode } from '../arch/architecture.ts';
import type { VirtAddr } from '../core/address.ts';
import type { PageTables } from '../translate/page-walk.ts';
import type { Objects } from './objects.ts';

/** The page tables of an mm_struct, whose mode may differ from the kernel's own. Undefined if its root is not mapped. */
export function processTables(objects: Objects, mm: VirtAddr): PageTables | undefined {
  const { memory } = objects;
  const { tables } = memory.space.walker;
  const root = memory.physical(objects.struct('mm_struct').word(mm, 'pgd'));
  return root === undefined ? undefined : { ...tables, mode: modeOf(objects, mm), root };
}

/** Whether the root of a process also has the kernel's entries, in its upper half. */
export function sharesRoot({ addresses }: PagingMode): boolean {
  return addresses.length > 1;
}

function modeOf(objects: Objects, mm: VirtAddr): PagingMode {
  const { architecture, mode } = objects.memory.space.walker.tables;
  const { processLimit } = architecture;
  const type = objects.struct('mm_struct');
  if (processLimit === undefined || !type.has(processLimit)) return mode;
  const limit = type.word(mm, processLimit);
  const known = architecture.pagingModes.filter(({ pageShift }) => pageShift === mode.pageShift);
  const fitting = known.filter(({ levels: [root] }) => root && 1n << BigInt(root.shift + root.bits) >= limit);
  return fitting.sort((a, b) => a.levels.length - b.levels.length)[0] ?? mode;
}
