import type { Pfn } from '../../src/core/address.ts';
import { FAKE_HEAD, type Folios, NOT_FREE, SECOND, TAIL, UNKNOWN_ORDER } from '../../src/decode/folios.ts';
import type { SlabCaches } from '../../src/decode/slab-caches.ts';
import type { PageLayout } from '../../src/layout/page-layout.ts';
import type { MemoryModel } from '../../src/memmap/memory-model.ts';
import type { RawPages } from '../../src/memmap/page-reader.ts';
import { TypeTwin } from './type-twin.ts';

/** No folio of any kernel has more pages than 2^30; a larger number is no order. */
const MAX_ORDER = 30;
/** The codes of what a page maps. */
const KINDS = { none: 0, anon: 1, ksm: 2, movable: 3, file: 4 };

interface Folio {
  head: Pfn;
  order: number;
  type: number;
  kind: number;
  cache: number;
}

/** Reads the first struct pages of a folio that lies outside of the batch: up to 4 of them, as words. */
export type ReadHead = (head: Pfn) => Uint32Array | undefined;

/**
 * Decides for each page of a batch what it is a part of. Batches must start at a multiple of the largest free block,
 * so that no free block reaches over their edge; folios may.
 */
export class FolioPass {
  readonly types: TypeTwin;
  readonly #layout: PageLayout;
  readonly #model: MemoryModel;
  readonly #caches: SlabCaches;
  readonly #readHead: ReadHead;
  readonly #headBit: number;
  readonly #slabBit: number;
  /** Low half of the base of vmemmap, and the high half; 0 and -1 without vmemmap. */
  readonly #baseLow: number;
  readonly #baseHigh: number;
  #last: Folio = { head: -1, order: 0, type: 0, kind: 0, cache: 0 };

  constructor(layout: PageLayout, model: MemoryModel, caches: SlabCaches, readHead: ReadHead) {
    this.#layout = layout;
    this.#model = model;
    this.#caches = caches;
    this.#readHead = readHead;
    this.types = new TypeTwin(layout);
    this.#headBit = layout.flags.bits.get('head') ?? -1;
    this.#slabBit = layout.flags.bits.get('slab') ?? -1;
    this.#baseLow = model.base === undefined ? 0 : Number(model.base & 0xffffffffn);
    this.#baseHigh = model.base === undefined ? -1 : Number(model.base >> 32n);
  }

  /** The folios of a batch. */
  run(raw: RawPages): Folios {
    const { start, count, states } = raw;
    const { size, offsets } = this.#layout;
    const stride = size >>> 2;
    const words = new Uint32Array(raw.bytes.buffer, raw.bytes.byteOffset, count * stride);
    const flagsAt = offsets.flags >>> 2;
    const compoundAt = offsets.compound >>> 2;
    const mapcountAt = offsets.mapcount >>> 2;
    const refcountAt = offsets.refcount >>> 2;
    const privateAt = offsets.private >>> 2;
    const buddy = this.types.code('buddy');
    const headMask = this.#headBit < 0 ? 0 : 1 << this.#headBit;
    // the optimisation that makes them is for sizes that are powers of two (mm/hugetlb_vmemmap.c)
    const mayBeFake = !this.#layout.tailMayBeMask && (size & (size - 1)) === 0;

    const out: Folios = {
      head: new Float64Array(count),
      order: new Uint8Array(count),
      type: new Uint8Array(count),
      kind: new Uint8Array(count),
      freeOrder: new Uint8Array(count).fill(NOT_FREE),
      cache: new Uint16Array(count),
      place: new Uint8Array(count),
    };
    let freeEnd = 0;
    let freeOrder = 0;
    for (let i = 0, at = 0; i < count; i++, at += stride) {
      const pfn = start + i;
      out.head[i] = pfn;
      if (states[i] !== 0) continue;
      const flags = words[at + flagsAt]!;
      const link = words[at + compoundAt]!;
      let head = pfn;
      if (link & 1) {
        head = this.#headOf(pfn, link, words[at + compoundAt + 1]!);
        out.place[i] = pfn === head + 1 ? SECOND : TAIL;
      } else if (flags & headMask) {
        if (
          mayBeFake &&
          (pfn * size) % 2 ** this.#model.pageShift === 0 &&
          i + 1 < count &&
          states[i + 1] === 0
        ) {
          const next = words[at + stride + compoundAt]!;
          if (next & 1) head = this.#headOf(pfn + 1, next, words[at + stride + compoundAt + 1]!);
          if (head !== pfn) out.place[i] = FAKE_HEAD;
        }
      } else {
        const word = words[at + mapcountAt]! | 0;
        let type = this.types.decode(word);
        if (this.#slabBit >= 0 && (flags >>> this.#slabBit) & 1) type = this.types.code('slab');
        if (type === buddy) {
          freeOrder = Math.min(words[at + privateAt]!, MAX_ORDER);
          freeEnd = pfn + 2 ** freeOrder;
          out.freeOrder[i] = freeOrder;
        } else if (pfn < freeEnd && type === 0 && words[at + refcountAt] === 0) {
          type = buddy;
          out.freeOrder[i] = freeOrder;
        }
        out.type[i] = type;
        out.kind[i] = type === 0 || this.types.mayBeMovable(type) ? this.#kind(words, at, type) : 0;
        if (type !== 0 && type === this.types.slab) out.cache[i] = this.#cache(words, at);
        continue;
      }
      const folio = this.#folio(head, start, count, states, words, stride);
      out.head[i] = head;
      out.order[i] = folio.order;
      out.type[i] = folio.type;
      out.kind[i] = folio.kind;
      out.cache[i] = folio.cache;
    }
    return out;
  }

  /** Pfn of the head that a tail's compound word names; the page's own pfn when it names none. */
  #headOf(pfn: Pfn, low: number, high: number): Pfn {
    // a mask: all ones above some bit, e.g. 0xffffffffffff8001; a pointer to the array never is, as it lies below
    if (this.#layout.tailMayBeMask && high === 0xffffffff) {
      const shift = Math.clz32(1) - Math.clz32(low & ~1 & -(low & ~1));
      const log = Math.log2(this.#layout.size);
      if ((low & ~1) >>> 0 === (0xffffffff << shift) >>> 0 && Number.isInteger(log)) {
        const pages = 2 ** (shift - log);
        return Math.floor(pfn / pages) * pages;
      }
    }
    let head: number | undefined;
    if (this.#baseHigh >= 0) {
      const bytes = (high - this.#baseHigh) * 4294967296 + (low - 1 - this.#baseLow);
      if (bytes >= 0 && bytes % this.#layout.size === 0) head = bytes / this.#layout.size;
    } else {
      const address = (BigInt(high) << 32n) | BigInt((low & ~1) >>> 0);
      head = this.#model.pfnOf(address);
      // an address within a struct page is that of no head
      if (head !== undefined && this.#model.addressOf(head) !== address) head = undefined;
    }
    return head !== undefined && head < 2 ** 40 ? head : pfn;
  }

  #folio(
    head: Pfn,
    start: Pfn,
    count: number,
    states: Uint8Array,
    words: Uint32Array,
    stride: number,
  ): Folio {
    if (this.#last.head === head) return this.#last;
    const index = head - start;
    // the order is in the page behind the head, so that one has to be here too
    if (index >= 0 && index + 1 < count) {
      this.#last =
        states[index] === 0 && states[index + 1] === 0
          ? this.#describe(head, words, index * stride)
          : { head, order: UNKNOWN_ORDER, type: 0, kind: 0, cache: 0 };
    } else {
      const outside = this.#readHead(head);
      this.#last = outside
        ? this.#describe(head, outside, 0)
        : { head, order: UNKNOWN_ORDER, type: 0, kind: 0, cache: 0 };
    }
    return this.#last;
  }

  /** What the head at `at` says of its folio. */
  #describe(head: Pfn, words: Uint32Array, at: number): Folio {
    const { order, hugetlb, offsets, size } = this.#layout;
    const second = at + (size >>> 2);
    const flags = words[at + (offsets.flags >>> 2)]!;
    const secondFlags = words[second + (offsets.flags >>> 2)]!;
    const byte = (offset: number): number => (words[at + (offset >>> 2)]! >>> ((offset & 3) * 8)) & 0xff;
    let value = order.kind === 'byte' ? byte(order.offset) : secondFlags & 0xff;
    if (value > MAX_ORDER) value = UNKNOWN_ORDER;
    let type = this.types.decode(words[at + (offsets.mapcount >>> 2)]! | 0);
    if (this.#slabBit >= 0 && (flags >>> this.#slabBit) & 1) type = this.types.code('slab');
    if (type === 0) {
      const huge =
        (hugetlb.kind === 'dtor' && byte(hugetlb.offset) === hugetlb.value) ||
        (hugetlb.kind === 'flag' && (secondFlags >>> hugetlb.bit) & 1);
      if (huge) type = this.types.code('hugetlb');
    }
    const isSlab = type !== 0 && type === this.types.slab;
    const mayMap = type === 0 || type === this.types.hugetlb || this.types.mayBeMovable(type);
    return {
      head,
      order: value,
      type,
      kind: mayMap ? this.#kind(words, at, type) : 0,
      cache: isSlab ? this.#cache(words, at) : 0,
    };
  }

  #kind(words: Uint32Array, at: number, type: number): number {
    const mapping = at + (this.#layout.offsets.mapping >>> 2);
    const kind = kindOf(words[mapping]!, words[mapping + 1]!, this.#layout);
    return this.types.mayBeMovable(type) && kind !== KINDS.movable ? 0 : kind;
  }

  #cache(words: Uint32Array, at: number): number {
    const offset = this.#layout.offsets.slabCache;
    if (offset === undefined) return 0;
    const word = at + (offset >>> 2);
    return this.#caches.code(words[word]!, words[word + 1]!);
  }
}

/** What a word `mapping` points to: an anon_vma (PAGE_MAPPING_ANON), a KSM node (that and _MOVABLE), a driver, an inode. */
function kindOf(low: number, high: number, { movableByMapping, pointers }: PageLayout): number {
  const address = (BigInt(high) << 32n) | BigInt(low);
  if (address < pointers.from || address > pointers.to) return KINDS.none;
  const [isAnon, isMovable] = [(low & 1) !== 0, (low & 2) !== 0];
  if (isAnon) return isMovable ? KINDS.ksm : KINDS.anon;
  if (isMovable) return movableByMapping ? KINDS.movable : KINDS.none;
  return KINDS.file;
}
