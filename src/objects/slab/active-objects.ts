import type { VirtAddr } from '../../core/address.ts';
import { ChainError } from '../walk.ts';
import { type SlabCache, slabCacheAt, slabCaches } from './cache.ts';
import { objectsOfSlab, waitingObjects } from './slab-objects.ts';
import { type SlabPage, slabPages } from './slab-pages.ts';
import type { SlabMemory } from './usage.ts';

/**
 * A cache: the variables that have pointed to it over time (`symbol` or `symbol.member`, of a struct of that name), and its
 * name.
 */
export interface CacheName {
  readonly variables: readonly string[];
  readonly name: string;
}

/**
 * The objects in use in slab caches. If nothing leads to every object of a kind, its cache still has all of them. One pass
 * over the page array finds the slabs of all caches.
 */
export class ActiveObjects {
  readonly #memory: SlabMemory;
  #slabs: ReadonlyMap<VirtAddr, readonly SlabPage[]> | undefined;

  constructor(memory: SlabMemory) {
    this.#memory = memory;
  }

  /**
   * Addresses of the objects in use in a cache; none if the kernel lacks the cache. A kernel may merge caches of one size,
   * so objects of other kinds can be among them. Throws ChainError at the end if a free list was damaged; the objects of
   * that slab are left out.
   */
  *of(wanted: CacheName): Generator<VirtAddr> {
    const cache = this.#find(wanted);
    if (!cache) return;
    this.#slabs ??= this.#slabsByCache();
    let damage: ChainError | undefined;
    let met = 0;
    const trouble = (why: string): void => {
      damage ??= new ChainError(`objects of ${cache.name}`, cache.address, met, why);
    };
    const waiting = waitingObjects(this.#memory, cache, trouble);
    for (const slab of this.#slabs.get(cache.address) ?? []) {
      for (const { address, state } of objectsOfSlab(this.#memory, cache, slab, waiting, trouble)) {
        if (state !== 'active') continue;
        met++;
        yield address;
      }
    }
    if (damage) throw damage;
  }

  #find({ variables, name }: CacheName): SlabCache | undefined {
    const { objects } = this.#memory;
    for (const variable of variables) {
      const [symbol, member] = variable.split('.') as [string, string?];
      const at = objects.findSymbol(symbol);
      if (at === undefined) continue;
      const type = member === undefined ? undefined : objects.find(symbol);
      if (member !== undefined && !type?.has(member)) continue;
      const cache = type ? type.word(at, member!) : objects.memory.word(at);
      if (cache !== 0n) return slabCacheAt(objects, cache);
    }
    for (const cache of slabCaches(objects)) if (cache.name === name) return cache;
    return undefined;
  }

  #slabsByCache(): Map<VirtAddr, SlabPage[]> {
    const { objects, layout, reader } = this.#memory;
    const found = new Map<VirtAddr, SlabPage[]>();
    for (const slab of slabPages(objects, layout, reader)) {
      const same = found.get(slab.cache);
      if (same) same.push(slab);
      else found.set(slab.cache, [slab]);
    }
    return found;
  }
}
