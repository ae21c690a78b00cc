import type { VirtAddr } from '../core/address.ts';
import { mapleEntries } from './maple-tree.ts';
import type { Objects } from './objects.ts';
import { LoopGuard } from './walk.ts';

/** Addresses of the vm_area_structs of an mm_struct, ascending: a maple tree since 6.1, a list before (mm/mmap.c). */
export function* vmasOf(objects: Objects, mm: VirtAddr): Generator<VirtAddr> {
  const type = objects.struct('mm_struct');
  if (type.has('mm_mt')) {
    for (const { entry } of mapleEntries(objects, type.at(mm, 'mm_mt'))) yield entry;
    return;
  }
  const vma = objects.struct('vm_area_struct');
  const guard = new LoopGuard("list of a process's memory areas");
  for (let at = type.word(mm, 'mmap'); at !== 0n; at = vma.word(at, 'vm_next')) {
    guard.step(at);
    yield at;
  }
}
