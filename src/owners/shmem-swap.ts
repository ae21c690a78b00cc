import type { VirtAddr } from '../core/address.ts';
import type { Objects } from '../objects/objects.ts';
import { xarrayEntries } from '../objects/xarray.ts';
import { type Area, VM_SHARED, VM_WRITE } from './areas.ts';

/** Pages of a file in swap: the first page, and their number. */
interface SwappedRun {
  readonly first: number;
  readonly pages: number;
}

/** Swapped pages of shmem files, which entries of processes do not show (shmem_swap_usage() of mm/shmem.c). */
export class ShmemSwap {
  readonly #objects: Objects;
  readonly #operations: VirtAddr | undefined;
  readonly #runs: Map<VirtAddr, readonly SwappedRun[]> = new Map();

  constructor(objects: Objects) {
    this.#objects = objects;
    this.#operations = objects.findSymbol('shmem_aops');
  }

  /**
   * The address_space of the shmem file that an area maps; undefined without such a file, or if nothing of it is in swap.
   */
  swappedFile(area: Area): VirtAddr | undefined {
    if (area.file === 0n || this.#operations === undefined) return undefined;
    const mapping = this.#objects.struct('file').word(area.file, 'f_mapping');
    if (mapping === 0n) return undefined;
    const type = this.#objects.struct('address_space');
    if (type.word(mapping, 'a_ops') !== this.#operations) return undefined;
    return this.#runsOf(mapping).length > 0 ? mapping : undefined;
  }

  /** Whether swapped pages count one by one, because the area may have its own copies. */
  isCounted(area: Area): boolean {
    return (area.flags & VM_SHARED) === 0 && (area.flags & VM_WRITE) !== 0;
  }

  /** Number of an area's pages that its file has in swap; `isOwn` tells addresses at which the process has an entry. */
  pages(area: Area, mapping: VirtAddr, isOwn: (address: number) => boolean): number {
    const { pageSize } = this.#objects.memory.format;
    const end = area.firstPage + (area.end - area.start) / pageSize;
    const counts = this.isCounted(area);
    let pages = 0;
    for (const run of this.#runsOf(mapping)) {
      const first = Math.max(run.first, area.firstPage);
      const last = Math.min(run.first + run.pages, end);
      if (!counts) pages += Math.max(0, last - first);
      else {
        for (let page = first; page < last; page++) {
          if (!isOwn(area.start + (page - area.firstPage) * pageSize)) pages++;
        }
      }
    }
    return pages;
  }

  #runsOf(mapping: VirtAddr): readonly SwappedRun[] {
    let runs = this.#runs.get(mapping);
    if (!runs) {
      const tree = this.#objects.struct('address_space').at(mapping, 'i_pages');
      runs = this.#isSwapped(mapping) ? this.#read(tree) : [];
      this.#runs.set(mapping, runs);
    }
    return runs;
  }

  /** Trees are large, and mostly nothing is in swap: the inode has the number of swapped pages. */
  #isSwapped(mapping: VirtAddr): boolean {
    const inode = this.#objects.struct('address_space').word(mapping, 'host');
    const own = this.#objects.find('shmem_inode_info');
    if (inode === 0n || !own) return inode !== 0n;
    return own.word(own.container(inode, 'vfs_inode'), 'swapped') !== 0n;
  }

  #read(tree: VirtAddr): SwappedRun[] {
    const runs: SwappedRun[] = [];
    for (const { index, entry, span } of xarrayEntries(this.#objects, tree)) {
      // values are swap entries, pointers are pages
      if ((entry & 1n) === 1n) runs.push({ first: index, pages: span });
    }
    return runs;
  }
}
