import type { VirtAddr } from '../core/address.ts';
import type { Objects } from '../objects/objects.ts';
import { vmasOf } from '../objects/vmas.ts';

/** A range of a process's addresses with one kind of mapping (struct vm_area_struct). */
export interface Area {
  readonly address: VirtAddr;
  readonly start: number;
  readonly end: number;
  readonly flags: number;
  /** Its struct file; 0 if it has none. */
  readonly file: VirtAddr;
  /** The page of the file, or of the mapped object, at its start. */
  readonly firstPage: number;
}

/** Bits of vm_flags (include/linux/mm.h), which are the same in all kernels. */
export const VM_READ = 1;
export const VM_WRITE = 2;
export const VM_EXEC = 4;
export const VM_SHARED = 8;
export const VM_MAYSHARE = 0x80;
export const VM_PFNMAP = 0x400;
export const VM_LOCKED = 0x2000;
export const VM_HUGETLB = 0x400000;

/** The areas of an mm_struct by ascending address. */
export function areasOf(objects: Objects, mm: VirtAddr): Area[] {
  const type = objects.struct('vm_area_struct');
  const areas: Area[] = [];
  for (const address of vmasOf(objects, mm)) {
    areas.push({
      address,
      start: type.number(address, 'vm_start'),
      end: type.number(address, 'vm_end'),
      // the upper half has protection keys and the like
      flags: Number(BigInt.asUintN(32, type.word(address, 'vm_flags'))),
      file: type.word(address, 'vm_file'),
      firstPage: type.number(address, 'vm_pgoff'),
    });
  }
  return areas;
}
