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

/** What claimants work with. */
export interface Machine {
  readonly objects: Objects;
  readonly layout: PageLayout;
  readonly model: MemoryModel;
  readonly reader: PageReader;
  /** The first pfn after the last struct page. */
  readonly limit: Pfn;
  /** Page frames that a page table of a process maps. */
  readonly userMapped: PfnSet;
  /** Objects in use, by the name of their slab cache. */
  readonly active: ActiveObjects;
  /** The objects that contain addresses within slabs. */
  readonly states: ObjectStates;
  readonly compounds: Compounds;
  /** Whether a page has PG_reserved. */
  readonly isReserved: (pfn: Pfn) => boolean;
  /** The name of the module that contains an address. */
  readonly moduleOf: (address: VirtAddr) => string | undefined;
}

/**
 * SEAM: something that knows what pages are for. To add one: write `src/classify/<what>.ts` that exports a Claimant, add it
 * to CLAIMANTS, add its classes to `classes.ts`, and test it on built memory and on captures. A claimant claims only what
 * the kernel's objects prove. It may throw FaultError, LayoutError or ChainError: its claims so far stand, and the rest is
 * reported as unknown.
 */
export interface Claimant {
  /** What it walks, for messages, e.g. `vmalloc areas`. */
  readonly name: string;
  /** Symbols that it needs; those of all claimants are looked up in one pass. */
  readonly symbols: readonly string[];
  claim(machine: Machine, claims: Claims): void;
}

/** The pfn whose struct page is at an address. */
export function pfnOfPage(machine: Machine, page: VirtAddr): Pfn | undefined {
  return machine.model.pfnOf(page);
}

/** The pfn at a virtual address. */
export function pfnOfAddress({ objects }: Machine, address: VirtAddr): Pfn | undefined {
  const physical = objects.memory.physical(address);
  return physical === undefined ? undefined : Math.floor(physical / objects.memory.format.pageSize);
}
