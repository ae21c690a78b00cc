import type { VirtAddr } from '../core/address.ts';
import { type Machine, pfnOfAddress } from './claimant.ts';
import type { Claims } from './claims.ts';

/** kmalloc() allocates whole pages for more than this (KMALLOC_MAX_CACHE_SIZE of SLUB, include/linux/slab.h). */
export const LARGEST_SLAB_PAGES = 2;

/** The pfn at an address of the direct map; undefined elsewhere, since vmalloc areas are claimed separately. */
export function directPfn(machine: Machine, address: VirtAddr): number | undefined {
  const pfn = pfnOfAddress(machine, address);
  if (pfn === undefined) return undefined;
  const { pageSize } = machine.objects.memory.format;
  return address - machine.objects.directMap(pfn) < BigInt(pageSize) &&
    address >= machine.objects.directMap(pfn)
    ? pfn
    : undefined;
}

/** An allocation of the kernel in the direct map. */
export interface Allocation {
  readonly address: VirtAddr;
  readonly bytes: number;
  /** The class of its pages. */
  readonly code: number;
}

/** Claims an allocation of kmalloc() or kvmalloc(), if it is whole pages of the direct map. */
export function claimKmalloc(machine: Machine, claims: Claims, { address, bytes, code }: Allocation): void {
  const { pageSize } = machine.objects.memory.format;
  if (address === 0n || bytes <= LARGEST_SLAB_PAGES * pageSize || bytes > MOST_BYTES) return;
  const pfn = directPfn(machine, address);
  if (pfn !== undefined) claims.claim(pfn, code, 2 ** Math.ceil(Math.log2(bytes / pageSize)));
}

/** Claims an allocation of alloc_pages_exact(). */
export function claimExactly(machine: Machine, claims: Claims, { address, bytes, code }: Allocation): void {
  const { pageSize } = machine.objects.memory.format;
  if (address === 0n || bytes <= 0 || bytes > MOST_BYTES) return;
  const pfn = directPfn(machine, address);
  if (pfn !== undefined) claims.claim(pfn, code, Math.ceil(bytes / pageSize));
}

/** No contiguous allocation is larger: the largest order of 64 KiB pages. */
const MOST_BYTES = 2 ** 29;
