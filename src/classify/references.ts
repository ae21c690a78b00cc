import type { Pfn } from '../core/address.ts';
import { BATCH_PAGES } from '../memmap/batches.ts';
import type { RawPages } from '../memmap/page-reader.ts';
import type { Machine } from './claimant.ts';
import { PAGE_CLASSES } from './classes.ts';
import type { Holder } from './holders.ts';

/** Reference counts compared with the known holders. */
export interface References {
  /** By class code: 1 if the references of a page of that class are predictable. */
  readonly known: Uint8Array;
  /** Pages whose count differs from the expected one, ascending, and the differences. */
  readonly pfns: Float64Array;
  readonly unexplained: Int32Array;
  /** Pages that are pinned for I/O or a device (mm/gup.c), ascending, with every page of a pinned large folio. */
  readonly pinned: Float64Array;
}

/** Classes whose pages have no references. */
const FREE: readonly string[] = ['free_buddy', 'free_pcp', 'hugetlb_free'];
/** Classes whose pages are referenced by their mappings and caches. */
const MAPPED: readonly string[] = ['anon', 'ksm', 'file', 'shmem', 'secretmem', 'swap_cache', 'hugetlb'];
/** Classes whose pages have one owner. */
const OWNED: readonly string[] = ['pipe'];
/** Kinds of classes: pages without references, with one, with those of their mappings and caches. */
const NONE = 1;
const ONE = 2;
const MANY = 3;
/** The number of references that a pin adds to a small folio (GUP_PIN_COUNTING_BIAS, include/linux/mm.h). */
const PIN = 1024;

/** The references of one folio by what holds them. */
export interface ReferenceParts {
  readonly refcount: number;
  readonly mappings: number;
  /** References of the page cache or the swap cache. */
  readonly cache: number;
  readonly isSwapCache: boolean;
  /** References of private data, such as buffer heads. */
  readonly privateData: number;
  /** References of the holders that were found. */
  readonly held: number;
  /** References of pins, for DMA for example; each is 1024 references of a single page. */
  readonly pins: number;
  readonly unexplained: number;
}

/** Computes the expected reference count of each page (mm/rmap.c, mm/filemap.c, mm/gup.c). */
export class ReferenceCounter {
  readonly #machine: Machine;
  readonly #codes: Uint8Array;
  readonly #held: Map<Pfn, number> = new Map();
  readonly #kind: Uint8Array;
  readonly #pincount: number | undefined;
  readonly #doubleMap: number | undefined;
  readonly #hugetlbIsOne: boolean;
  readonly #pfns: number[] = [];
  readonly #values: number[] = [];
  readonly #pinned: number[] = [];
  /** Those of the folio that was looked at last. */
  readonly #parts = { mappings: 0, cache: 0, isSwapCache: false, privateData: 0, held: 0, pins: 0 };

  constructor(machine: Machine, codes: Uint8Array, holders: readonly Holder[]) {
    this.#machine = machine;
    this.#codes = codes;
    this.#kind = Uint8Array.from(PAGE_CLASSES, ({ name, subclass }) => {
      if (FREE.includes(name)) return NONE;
      if (OWNED.includes(name)) return ONE;
      return MAPPED.includes(name) || subclass === 'truncated' ? MANY : 0;
    });
    for (const { pfn } of holders) {
      // a reference to a page is a reference to its folio
      const head = machine.compounds.at(pfn)?.head ?? pfn;
      this.#held.set(head, (this.#held.get(head) ?? 0) + 1);
    }
    this.#pincount = machine.layout.folio.pincount;
    // until 6.1, each page of a huge page that is mapped both ways is counted once more
    const bit = machine.objects.types.enumerators('pageflags')?.get('PG_double_map');
    // until 6.6, the page cache counted a hugetlb page as one, also in its index (mm/hugetlb.c)
    this.#hugetlbIsOne = machine.objects.findSymbol('linear_hugepage_index') !== undefined;
    this.#doubleMap = bit === undefined ? undefined : Number(bit);
  }

  run(): References {
    const { reader, model } = this.#machine;
    const buffer = reader.buffer(BATCH_PAGES);
    for (const { start, end } of model.present) {
      for (let at = start; at < end; ) {
        const stop = Math.min(end, (Math.floor(at / BATCH_PAGES) + 1) * BATCH_PAGES);
        this.#batch(reader.read(at, stop - at, buffer.subarray(0, (stop - at) * reader.recordSize)));
        at = stop;
      }
    }
    return {
      known: this.#kind.map((kind) => (kind === 0 ? 0 : 1)),
      pfns: Float64Array.from(this.#pfns),
      unexplained: Int32Array.from(this.#values),
      pinned: Float64Array.from(this.#pinned),
    };
  }

  #batch(raw: RawPages): void {
    const { layout } = this.#machine;
    const size = layout.size / 4;
    const words = new Int32Array(raw.bytes.buffer, raw.bytes.byteOffset, raw.count * size);
    const refcountAt = layout.offsets.refcount / 4;
    const compoundAt = layout.offsets.compound / 4;
    for (let i = 0; i < raw.count; i++) {
      const pfn = raw.start + i;
      const kind = this.#kind[this.#codes[pfn]!]!;
      if (kind === 0 || raw.states[i] !== 0) continue;
      const at = i * size;
      const refcount = words[at + refcountAt]!;
      const isTail = (words[at + compoundAt]! & 1) === 1;
      let expected = 0;
      if (kind === ONE) expected = 1;
      else if (kind === MANY && !isTail) expected = this.#ofFolio(words, at, pfn, refcount);
      if (refcount !== expected) {
        this.#pfns.push(pfn);
        this.#values.push(refcount - expected);
      }
    }
  }

  /** The references of a folio by what holds them; undefined if its class does not tell, or it cannot be read. */
  explain(head: Pfn): ReferenceParts | undefined {
    if (this.#kind[this.#codes[head] ?? 0] !== MANY) return undefined;
    const { reader, layout, compounds } = this.#machine;
    const raw = reader.read(head, compounds.at(head)?.pages ?? 1);
    if (raw.states[0] !== 0) return undefined;
    const words = new Int32Array(raw.bytes.buffer, raw.bytes.byteOffset, raw.count * (layout.size / 4));
    const refcount = words[layout.offsets.refcount / 4]!;
    const unexplained = refcount - this.#ofFolio(words, 0, head, refcount);
    return { refcount, unexplained, ...this.#parts };
  }

  /** Adds up mappings, caches, private data, pins, and other known holders. */
  #ofFolio(words: Int32Array, at: number, pfn: Pfn, refcount: number): number {
    const { layout } = this.#machine;
    const { offsets, flags } = layout;
    const parts = this.#parts;
    const bit = (name: string): boolean => {
      const number = flags.bits.get(name);
      return number !== undefined && number < 32 && ((words[at + offsets.flags / 4]! >>> number) & 1) === 1;
    };
    const pages = bit('head') ? 2 ** this.#machine.compounds.orderOf(words, at) : 1;
    const mapping = words[at + offsets.mapping / 4]!;
    const isNull = mapping === 0 && words[at + offsets.mapping / 4 + 1] === 0;
    const isHugetlb = this.#isHugetlb(pfn);
    parts.mappings = isHugetlb
      ? this.#entire(words, at)
      : this.#mapcount(words, at, pages, (mapping & 3) === 0);
    parts.isSwapCache = bit('swapcache') && bit('swapbacked');
    if (parts.isSwapCache) parts.cache = pages;
    else if (isNull || (mapping & 3) !== 0) parts.cache = 0;
    else parts.cache = isHugetlb && this.#hugetlbIsOne ? 1 : pages;
    parts.privateData = bit('private') && !isHugetlb ? 1 : 0;
    parts.held = this.#held.get(pfn) ?? 0;
    const expected = parts.mappings + parts.cache + parts.privateData + parts.held;
    if (pages > 1) {
      const pins = this.#pincount === undefined ? 0 : (words[at + this.#pincount / 4] ?? 0);
      parts.pins = Math.max(0, pins);
      if (pins > 0) for (let i = 0; i < pages; i++) this.#pinned.push(pfn + i);
    } else {
      const rest = refcount - expected;
      parts.pins = rest < PIN ? 0 : Math.floor(rest / PIN) * PIN;
      if (parts.pins > 0) this.#pinned.push(pfn);
    }
    return expected + parts.pins;
  }

  /** The number of mappings of a folio, in whole and in parts; each is a reference. */
  #mapcount(words: Int32Array, at: number, pages: number, isFile: boolean): number {
    const { layout } = this.#machine;
    const { folio, offsets } = layout;
    const size = layout.size / 4;
    const own = offsets.mapcount / 4;
    if (pages === 1) return Math.max(0, words[at + own]! + 1);
    if (folio.largeMapcount !== undefined) return words[at + folio.largeMapcount / 4]! + 1;
    const entire = folio.entireMapcount === undefined ? 0 : words[at + folio.entireMapcount / 4]! + 1;
    if (at + pages * size > words.length || words[at + own]! < -1) return entire;
    let parts = 0;
    for (let i = 0; i < pages; i++) parts += Math.max(0, words[at + i * size + own]! + 1);
    if (this.#doubleMap === undefined) return entire + parts;
    if (isFile) return entire + parts - entire * pages;
    const isDouble = ((words[at + size + offsets.flags / 4]! >>> this.#doubleMap) & 1) === 1;
    return entire + parts - (isDouble ? pages : 0);
  }

  /** The number of mappings of a hugetlb page, which is always mapped as a whole. */
  #entire(words: Int32Array, at: number): number {
    const { largeMapcount, entireMapcount } = this.#machine.layout.folio;
    const offset = largeMapcount ?? entireMapcount;
    return offset === undefined ? 0 : words[at + offset / 4]! + 1;
  }

  #isHugetlb(pfn: Pfn): boolean {
    return PAGE_CLASSES[this.#codes[pfn] ?? 0]!.name === 'hugetlb';
  }
}
