import { PAGE_CLASSES } from '../classify/classes.ts';
import { hex, type Pfn, type PhysAddr, type VirtAddr } from '../core/address.ts';
import { StructPageError } from '../core/errors.ts';
import type { MemoryModel } from '../memmap/memory-model.ts';
import type { PageReader } from '../memmap/page-reader.ts';
import { ObjectStates } from '../objects/slab/object-states.ts';
import type { SlabMemory } from '../objects/slab/usage.ts';
import { AreaPlaces } from './area-places.ts';
import { PerCpuPlaces } from './per-cpu-places.ts';
import { slabPlace } from './slab-places.ts';
import { type TableEntry, TablePlaces } from './table-places.ts';

/** The contents of a place in physical memory. */
export interface Place {
  readonly pfn: Pfn;
  /** The kernel's address for it; undefined if unknown. */
  readonly address: VirtAddr | undefined;
  /** The class of its page. */
  readonly className: string;
  readonly subclass: string;
  /** In words: a slab object, a stack, a variable; the class of the page if nothing more is known. */
  readonly name: string;
}

/** The sources of names. */
export interface PlaceParts extends SlabMemory {
  readonly model: MemoryModel;
  readonly classes: Uint8Array;
  headOf(pfn: Pfn): Pfn;
}

const VMALLOC: readonly string[] = ['vmalloc', 'kernel_stack', 'module'];

/** Names places in physical memory, by the classes of their pages. */
export class Places {
  readonly #parts: PlaceParts;
  readonly #slabs: ObjectStates;
  readonly #areas: AreaPlaces;
  readonly #perCpu: PerCpuPlaces;
  readonly #tables: TablePlaces;
  #array: ReturnType<PageReader['survey']>['places'] | undefined;

  constructor(parts: PlaceParts) {
    this.#parts = parts;
    this.#slabs = new ObjectStates(parts, (pfn) => parts.headOf(pfn));
    this.#areas = new AreaPlaces(parts.objects, parts.model);
    this.#perCpu = new PerCpuPlaces(parts.objects);
    this.#tables = new TablePlaces(parts.objects, parts.classes.length);
  }

  at(physical: PhysAddr): Place {
    const { objects, classes } = this.#parts;
    const { pageSize } = objects.memory.format;
    const pfn = Math.floor(physical / pageSize);
    const offset = physical - pfn * pageSize;
    const { name: className, subclass } = PAGE_CLASSES[classes[pfn] ?? 0]!;
    let found: Pick<Place, 'address' | 'name'> | undefined;
    try {
      found = this.#named(className, physical, pfn, offset);
    } catch (error) {
      if (!(error instanceof StructPageError)) throw error;
    }
    const kind = subclass === '' ? className : `${className} (${subclass})`;
    return { pfn, className, subclass, address: undefined, name: `${kind} + ${hex(offset)}`, ...found };
  }

  /** The pfn whose struct page contains a place, and the offset in it; undefined outside the page array. */
  structPageAt(physical: PhysAddr): { readonly pfn: Pfn; readonly offset: number } | undefined {
    const { reader, model } = this.#parts;
    this.#array ??= reader.survey().places;
    for (const { start, pfns, physical: at } of this.#array) {
      if (at === undefined || physical < at || physical >= at + pfns * model.pageSize) continue;
      const index = Math.floor((physical - at) / model.pageSize);
      return { pfn: start + index, offset: physical - at - index * model.pageSize };
    }
    return undefined;
  }

  /** The page table entry at a place; undefined if there is none. */
  entryAt(physical: PhysAddr): TableEntry | undefined {
    return this.#tables.at(physical);
  }

  #named(
    className: string,
    physical: PhysAddr,
    pfn: Pfn,
    offset: number,
  ): Pick<Place, 'address' | 'name'> | undefined {
    const { objects } = this.#parts;
    if (className === 'kernel_image' || className === 'reserved') {
      const { imageOffset, kallsyms } = objects.kernel;
      const address = imageOffset === undefined ? undefined : BigInt(physical) + imageOffset;
      const symbol = address === undefined ? undefined : kallsyms?.nearest(address);
      return symbol && className === 'kernel_image'
        ? { address, name: `${symbol.name} + ${hex(symbol.offset)}` }
        : undefined;
    }
    if (className === 'memmap') {
      const page = this.structPageAt(physical);
      return page && { address: undefined, name: `struct page of pfn ${page.pfn} + ${hex(page.offset)}` };
    }
    const direct = objects.directMap(pfn) + BigInt(offset);
    let name: string | undefined;
    let address: VirtAddr | undefined = direct;
    if (className === 'slab') name = slabPlace(this.#slabs, pfn, direct);
    else if (className === 'page_table') name = this.#tables.at(physical)?.name;
    else if (className === 'percpu') name = this.#perCpu.name(pfn, offset);
    else if (VMALLOC.includes(className)) {
      name = this.#areas.name(pfn, offset);
      address = this.#areas.address(pfn, offset) ?? direct;
    }
    return name === undefined ? undefined : { address, name };
  }
}
