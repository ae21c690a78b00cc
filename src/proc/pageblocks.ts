import type { Pfn } from '../core/address.ts';
import type { MemoryModel } from '../memmap/memory-model.ts';
import type { Objects } from '../objects/objects.ts';

/** The migratetype of each pageblock, read from the bits of its section (mm/page_alloc.c, include/linux/pageblock-flags.h). */
export class Pageblocks {
  readonly #objects: Objects;
  readonly #model: MemoryModel;
  readonly #bits: number;
  readonly #isolateBit: number | undefined;
  readonly #isolate: number | undefined;
  /** Pages of a pageblock are 2 to this. */
  readonly order: number;
  /** How many migratetypes there are, and those that have lists of their own with each CPU. */
  readonly types: number;

  constructor(objects: Objects, model: MemoryModel) {
    this.#objects = objects;
    this.#model = model;
    const bit = (name: string): number | undefined => objects.enumerator('pageblock_bits', name);
    const bits = bit('NR_PAGEBLOCK_BITS') ?? bit('__NR_PAGEBLOCK_BITS') ?? 4;
    this.#bits = 2 ** Math.ceil(Math.log2(bits));
    this.#isolateBit = bit('PB_migrate_isolate');
    this.#isolate = objects.enumerator('migratetype', 'MIGRATE_ISOLATE');
    this.types = objects.enumerator('migratetype', 'MIGRATE_TYPES') ?? 0;
    // HUGETLB_PAGE_ORDER, which is the order of a PMD
    this.order = objects.memory.space.walker.tables.mode.levels.at(-1)!.bits;
  }

  /** The number of the migratetype of the block that a page is in; undefined if its section has no struct pages. */
  migratetype(pfn: Pfn): number | undefined {
    const { memory } = this.#objects;
    const { pagesPerSection } = this.#model;
    const usage = this.#usage(Math.floor(pfn / pagesPerSection));
    if (usage === undefined) return undefined;
    const block = Math.floor((pfn % pagesPerSection) / 2 ** this.order);
    const index = block * this.#bits;
    const word = memory.word(usage + BigInt(Math.floor(index / 64) * 8));
    const value = Number((word >> BigInt(index % 64)) & ((1n << BigInt(this.#bits)) - 1n));
    if (this.#isolateBit !== undefined && (value >>> this.#isolateBit) & 1) return this.#isolate;
    return value & 7;
  }

  #usage(section: number): bigint | undefined {
    const found = this.#model.sections.list.find((s) => s.number === section);
    const type = this.#objects.struct('mem_section');
    if (!found) return undefined;
    const { memory } = this.#objects;
    // SPARSEMEM_EXTREME: pages of pointers to mem_sections
    const perRoot = Math.floor(memory.format.pageSize / type.size);
    const roots =
      this.#objects.kernel.vmcoreinfo?.symbol('mem_section') ??
      memory.word(this.#objects.symbol('mem_section'));
    const root = memory.word(roots + BigInt(Math.floor(section / perRoot) * memory.format.wordBytes));
    if (root === 0n) return undefined;
    const at = root + BigInt((section % perRoot) * type.size);
    if (!type.has('usage')) return type.word(at, 'pageblock_flags');
    const usage = type.word(at, 'usage');
    return usage === 0n ? undefined : this.#objects.struct('mem_section_usage').at(usage, 'pageblock_flags');
  }
}
