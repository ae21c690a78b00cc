import type { VirtAddr } from '../core/address.ts';
import type { Objects } from '../objects/objects.ts';
import { type Area, VM_EXEC, VM_MAYSHARE, VM_READ, VM_WRITE } from './areas.ts';
import type { FileNames } from './file-names.ts';

/** The description of an area in /proc/PID/maps, without its addresses (fs/proc/task_mmu.c). */
export interface AreaNames {
  /** e.g. `rw-p`. */
  readonly perms: string;
  /** Offset in the file, in bytes. */
  readonly offset: number;
  /** Major and minor number in hexadecimal, e.g. `fe:01`; empty without a file. */
  readonly dev: string;
  readonly inode: bigint | undefined;
  /** The file, or the kernel's name for the area: `[heap]`, `[stack]`, `[vdso]`; empty for other anonymous memory. */
  readonly name: string;
}

/** The description of an area about which nothing is known. */
export const NO_NAMES: AreaNames = { perms: '', offset: 0, dev: '', inode: undefined, name: '' };

const LONGEST_NAME = 80;

/** Describes an area of the process with this mm_struct. */
export function areaNames(objects: Objects, files: FileNames, mm: VirtAddr, area: Area): AreaNames {
  const { flags, file } = area;
  const perms =
    (flags & VM_READ ? 'r' : '-') +
    (flags & VM_WRITE ? 'w' : '-') +
    (flags & VM_EXEC ? 'x' : '-') +
    (flags & VM_MAYSHARE ? 's' : 'p');
  if (file === 0n) {
    return { perms, offset: 0, dev: '', inode: undefined, name: nameOf(objects, mm, area) };
  }
  const inode = files.inodeOfFile(file);
  const type = objects.struct('inode');
  const block = inode === 0n ? 0n : type.word(inode, 'i_sb');
  const dev = block === 0n ? 0 : objects.struct('super_block').number(block, 's_dev');
  return {
    perms,
    offset: area.firstPage * objects.memory.format.pageSize,
    // MINORBITS is 20 (include/linux/kdev_t.h)
    dev: `${hex2(dev >>> 20)}:${hex2(dev & 0xfffff)}`,
    inode: inode === 0n ? undefined : type.word(inode, 'i_ino'),
    name: files.ofFile(file) ?? '',
  };
}

function nameOf(objects: Objects, mm: VirtAddr, area: Area): string {
  const vma = objects.struct('vm_area_struct');
  const special = objects.findSymbol('special_mapping_vmops');
  if (special !== undefined && vma.word(area.address, 'vm_ops') === special) {
    const mapping = vma.word(area.address, 'vm_private_data');
    const name = objects.struct('vm_special_mapping').word(mapping, 'name');
    return name === 0n ? '' : objects.memory.string(name, LONGEST_NAME);
  }
  const type = objects.struct('mm_struct');
  const at = (member: string): number => type.number(mm, member);
  if (area.start <= at('brk') && area.end >= at('start_brk')) return '[heap]';
  if (area.start <= at('start_stack') && area.end >= at('start_stack')) return '[stack]';
  const given = objects.find('anon_vma_name');
  const name = given && vma.has('anon_name') ? vma.word(area.address, 'anon_name') : 0n;
  if (!given || name === 0n) return '';
  return `[anon:${objects.memory.string(given.at(name, 'name'), LONGEST_NAME)}]`;
}

function hex2(value: number): string {
  return value.toString(16).padStart(2, '0');
}
