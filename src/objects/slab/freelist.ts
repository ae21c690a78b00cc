import { hex, type VirtAddr } from '../../core/address.ts';
import type { KernelMemory } from '../memory.ts';
import { ChainError } from '../walk.ts';
import type { SlabCache } from './cache.ts';

/** The objects of a slab: the address of the first, and their number. */
export interface SlabExtent {
  readonly start: VirtAddr;
  readonly objects: number;
}

/** The address of an object by its number. */
export function objectAt(cache: SlabCache, slab: SlabExtent, index: number): VirtAddr {
  return slab.start + BigInt(index * cache.size + cache.redZone);
}

/** The number of the object that starts at an address; undefined if none does. */
export function objectIndex(cache: SlabCache, slab: SlabExtent, address: VirtAddr): number | undefined {
  const offset = Number(address - slab.start) - cache.redZone;
  const index = offset / cache.size;
  return Number.isInteger(index) && index >= 0 && index < slab.objects ? index : undefined;
}

/** How the pointer to the next free object is hidden with CONFIG_SLAB_FREELIST_HARDENED: since 5.7, and before. */
type Hiding = (at: VirtAddr, wordBytes: number) => bigint;
const HIDINGS: readonly Hiding[] = [swapped, (at) => at];

/**
 * The numbers of the free objects from `first` on, all in one slab. Throws ChainError if the list leaves its slab or meets
 * an object twice.
 */
export function* freeObjects(
  memory: KernelMemory,
  cache: SlabCache,
  slab: SlabExtent,
  first: VirtAddr,
): Generator<number> {
  const name = `free list of ${cache.name}`;
  const seen = new Uint8Array(slab.objects);
  let met = 0;
  const { wordBytes } = memory.format;
  let hiding: Hiding | undefined;
  for (let at = first; at !== 0n; ) {
    const index = objectIndex(cache, slab, at);
    if (index === undefined) {
      throw new ChainError(name, at, met, `it is no object of the slab at ${hex(slab.start)}`);
    }
    if (seen[index]) throw new ChainError(name, at, met, 'it loops');
    seen[index] = 1;
    met++;
    yield index;
    const link = at + BigInt(cache.linkAt);
    const stored = memory.word(link);
    if (cache.random === 0n) {
      at = stored;
      continue;
    }
    hiding ??= HIDINGS.find((hide) => isLink(cache, slab, stored ^ cache.random ^ hide(link, wordBytes)));
    if (!hiding) throw new ChainError(name, link, met, 'what hides the next one is not known');
    at = stored ^ cache.random ^ hiding(link, wordBytes);
  }
}

function isLink(cache: SlabCache, slab: SlabExtent, address: VirtAddr): boolean {
  return address === 0n || objectIndex(cache, slab, address) !== undefined;
}

/** A word of `bytes` with its bytes in the other order. */
function swapped(word: bigint, bytes: number): bigint {
  let out = 0n;
  let rest = word;
  for (let i = 0; i < bytes; i++) {
    out = (out << 8n) | (rest & 255n);
    rest >>= 8n;
  }
  return out;
}
