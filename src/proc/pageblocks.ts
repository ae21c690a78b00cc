import type { Pfn, VirtAddr } from '../core/address.ts';
import type { MemoryModel } from '../memmap/memory-model.ts';
import { pageblockOrder } from '../memmap/pageblock-order.ts';
import type { Objects } from '../objects/objects.ts';
import { type ZoneObject, zones } from '../objects/zones.ts';

/** The bitmap with the bits of a block, and the number of the block in it. */
interface Place {
  readonly bitmap: VirtAddr;
  readonly block: number;
}

/** The migratetype of each pageblock, read from the bits of its section (mm/page_alloc.c, include/linux/pageblock-flags.h). */
export class Pageblocks {
  readonly #objects: Objects;
  readonly #model: MemoryModel;
  readonly #bits: number;
  readonly #isolateBit: number | undefined;
  readonly #isolate: number | undefined;
  readonly #zones: readonly ZoneObject[];
  /** The section that was looked up last, and its bitmap. */
  #last: { readonly section: number; readonly bitmap: VirtAddr | undefined } | undefined;
  /** Log2 of the number of pages in a pageblock. */
  readonly order: number;
  /** Number of migratetypes, and of those with their own per-CPU lists. */
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
    this.order = pageblockOrder(objects.types, objects.memory.space.walker.tables.mode);
    this.#zones = model.kind === 'FLATMEM' ? [...zones(objects)] : [];
  }

  /** The migratetype of a page's block, as a number; undefined if its section has no struct pages. */
  migratetype(pfn: Pfn): number | undefined {
    const { memory } = this.#objects;
    const place = this.#model.kind === 'FLATMEM' ? this.#inZone(pfn) : this.#inSection(pfn);
    if (place === undefined) return undefined;
    const index = place.block * this.#bits;
    const { wordBytes } = memory.format;
    const word = memory.word(place.bitmap + BigInt(Math.floor(index / (wordBytes * 8)) * wordBytes));
    const value = Number((word >> BigInt(index % (wordBytes * 8))) & ((1n << BigInt(this.#bits)) - 1n));
    if (this.#isolateBit !== undefined && (value >>> this.#isolateBit) & 1) return this.#isolate;
    return value & 7;
  }

  /** Each section has a bitmap of its blocks. */
  #inSection(pfn: Pfn): Place | undefined {
    const { pagesPerSection } = this.#model;
    const section = Math.floor(pfn / pagesPerSection);
    if (this.#last?.section !== section) this.#last = { section, bitmap: this.#usage(section) };
    const { bitmap } = this.#last;
    return bitmap === undefined
      ? undefined
      : { bitmap, block: Math.floor((pfn % pagesPerSection) / 2 ** this.order) };
  }

  /** With FLATMEM each zone has one, which starts with the block of its first page. */
  #inZone(pfn: Pfn): Place | undefined {
    const zone = this.#zones.find((z) => pfn >= z.startPfn && pfn < z.startPfn + z.spanned);
    if (!zone) return undefined;
    const pages = 2 ** this.order;
    const bitmap = this.#objects.struct('zone').word(zone.address, 'pageblock_flags');
    return { bitmap, block: Math.floor(pfn / pages) - Math.floor(zone.startPfn / pages) };
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
