import type { Pfn, VirtAddr } from '../../core/address.ts';
import { type SlabCache, slabCacheAt } from './cache.ts';
import { objectHolding, objectsOfSlab, waitingObjects } from './slab-objects.ts';
import { type SlabPage, slabPages } from './slab-pages.ts';
import type { SlabMemory } from './usage.ts';

/** A slab with the states of its objects, by number. */
interface LookedAt {
  readonly cache: SlabCache;
  readonly slab: SlabPage;
  readonly states: ReadonlyMap<number, string>;
}

/** The contents of an address within a slab. */
export interface SlabAddress {
  readonly cache: SlabCache;
  /** The object that contains it; undefined between and after objects. */
  readonly object: { readonly start: VirtAddr; readonly offset: number } | undefined;
  /** `active`, or the place of a free object; undefined if the free list is damaged. */
  readonly state: string | undefined;
}

/** Maximum number of cached slabs. */
const MOST_SLABS = 65536;

/** Finds the object that contains an address within a slab, and whether it is in use. Each slab is examined once. */
export class ObjectStates {
  readonly #memory: SlabMemory;
  readonly #headOf: (pfn: Pfn) => Pfn;
  readonly #waiting: Map<VirtAddr, ReadonlyMap<VirtAddr, string>> = new Map();
  readonly #slabs: Map<Pfn, LookedAt | undefined> = new Map();

  /** `headOf` returns the first page of the slab of a page. */
  constructor(memory: SlabMemory, headOf: (pfn: Pfn) => Pfn) {
    this.#memory = memory;
    this.#headOf = headOf;
  }

  /**
   * The object at an address of the direct map, in the page `pfn`; undefined outside slabs. Throws the errors of reading.
   */
  at(pfn: Pfn, address: VirtAddr): SlabAddress | undefined {
    const found = this.#slabAt(this.#headOf(pfn));
    if (!found) return undefined;
    const { cache, slab, states } = found;
    const object = objectHolding(this.#memory, cache, slab, address);
    return { cache, object, state: object && states.get(object.index) };
  }

  #slabAt(head: Pfn): LookedAt | undefined {
    if (this.#slabs.has(head)) return this.#slabs.get(head);
    const { objects, layout, reader } = this.#memory;
    const [slab] = slabPages(objects, layout, reader, [{ start: head, end: head + 1 }]);
    let found: LookedAt | undefined;
    if (slab) {
      const cache = slabCacheAt(objects, slab.cache);
      const quiet = (): void => {};
      let waiting = this.#waiting.get(cache.address);
      if (!waiting) {
        waiting = waitingObjects(this.#memory, cache, quiet);
        this.#waiting.set(cache.address, waiting);
      }
      const states = new Map<number, string>();
      for (const { index, state } of objectsOfSlab(this.#memory, cache, slab, waiting, quiet)) {
        states.set(index, state);
      }
      found = { cache, slab, states };
    }
    if (this.#slabs.size >= MOST_SLABS) this.#slabs.clear();
    this.#slabs.set(head, found);
    return found;
  }
}
