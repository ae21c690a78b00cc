import type { Pfn, VirtAddr } from '../core/address.ts';
import type { PageLayout } from '../layout/page-layout.ts';
import type { MemoryModel } from '../memmap/memory-model.ts';
import type { PageReader } from '../memmap/page-reader.ts';
import type { Objects } from '../objects/objects.ts';
import type { ActiveObjects } from '../objects/slab/active-objects.ts';
import type { ObjectStates } from '../objects/slab/object-states.ts';
import type { PfnSet } from '../objects/table-tree.ts';
import type { Claims } from './claims.ts';
import type { Compounds } from './compounds.ts';

/** What claimants look at. */
export interface Machine {
  readonly objects: Objects;
  readonly layout: PageLayout;
  readonly model: MemoryModel;
  readonly reader: PageReader;
  /** Behind the last pfn that has a struct page. */
  readonly limit: Pfn;
  /** Page frames that a page table of a process maps. */
  readonly userMapped: PfnSet;
  /** Objects in use by the name of their slab cache. */
  readonly active: ActiveObjects;
  /** What addresses within slabs are in. */
  readonly states: ObjectStates;
  readonly compounds: Compounds;
  /** Whether PG_reserved is set of a page. */
  readonly isReserved: (pfn: Pfn) => boolean;
  /** The name of the module that an address lies in. */
  readonly moduleOf: (address: VirtAddr) => string | undefined;
}

/**
 * SEAM: something that knows what pages are for. To add one: write `src/classify/<what>.ts` that exports a Claimant, put
 * it into CLAIMANTS, put its classes into `classes.ts`, and test it on built memory and on captures. A claimant claims
 * what the kernel's objects prove, and nothing by a guess. It may throw FaultError, LayoutError or ChainError: what it
 * claimed until then stands, and the rest is told as not known.
 */
export interface Claimant {
  /** What it walks, for messages: `vmalloc areas`. */
  readonly name: string;
  /** Symbols that it asks for: all claimants' are looked up in one pass. */
  readonly symbols: readonly string[];
  claim(machine: Machine, claims: Claims): void;
}

/** The pfn whose struct page is at an address. */
export function pfnOfPage(machine: Machine, page: VirtAddr): Pfn | undefined {
  return machine.model.pfnOf(page);
}

/** The pfn behind a virtual address. */
export function pfnOfAddress({ objects }: Machine, address: VirtAddr): Pfn | undefined {
  const physical = objects.memory.physical(address);
  return physical === undefined ? undefined : Math.floor(physical / objects.memory.format.pageSize);
}
