import type { Pfn } from '../../core/address.ts';
import type { Range } from '../../core/ranges.ts';
import { pageTypeDecoder } from '../../decode/page-type.ts';
import type { PageLayout } from '../../layout/page-layout.ts';
import type { MemoryModel } from '../../memmap/memory-model.ts';
import type { PlacedPages } from '../../memmap/placed-pages.ts';
import type { Zone } from '../../memmap/zones.ts';

/** What struct pages tell about their own page frame: how many confirm it, and how many contradict it. */
export interface Testimony {
  /** By their own contents: their own address, or that of a head shortly before them. */
  own: { yes: number; no: number };
  /** By their neighbours on a list, whose pointers lead back to them. */
  listed: { yes: number; no: number };
  /** By the zone and node in their flags. */
  zoned: { yes: number; no: number };
  /** The number of `own.yes` that hold an address close to their own: no other part of the array does. */
  sure: number;
  /** List neighbours that have not been read yet. */
  readonly neighbours: Neighbour[];
}

export function noTestimony(): Testimony {
  return {
    own: { yes: 0, no: 0 },
    listed: { yes: 0, no: 0 },
    zoned: { yes: 0, no: 0 },
    sure: 0,
    neighbours: [],
  };
}

/** A page frame on a list, a neighbour of it there, and the offset of the pointer back in the record of that neighbour. */
interface Neighbour {
  readonly pfn: Pfn;
  readonly other: Pfn;
  readonly back: number;
}

/** A zone, and node and zone as the flags of its pages hold them: low and high half. */
interface ZoneFlags extends Range {
  readonly low: number;
  readonly high: number;
}

/** Maximum number of list neighbours to read for a group of struct pages: each is somewhere else. */
const MOST_ASKED = 6;
/** Page frames this close to each other are in one part of the array. */
const CLOSE = 8;
/** No folio has more pages. */
const MOST_PAGES = 2 ** 22;

/** The low and the high half of a 64-bit word. */
function halves(value: bigint): [low: number, high: number] {
  return [Number(value & 0xffffffffn), Number((value >> 32n) & 0xffffffffn)];
}

/**
 * Collects the evidence of struct pages for one kernel. Every start does so: a word is read as two numbers, which are much faster
 * than a bigint.
 */
export class Witnesses {
  readonly #layout: PageLayout;
  readonly #model: MemoryModel;
  readonly #pages: PlacedPages;
  readonly #zones: readonly ZoneFlags[];
  /** The bits of node and zone in the flags: low and high half. */
  readonly #mask: readonly [number, number];
  readonly #isFree: (word: number) => boolean;
  readonly #lruBit: number;
  readonly #reservedBit: number;
  /** Offset of page.lru in memory. */
  readonly #lru: number;
  /** Address of the struct page of page frame 0: low and high half. */
  readonly #base: readonly [number, number];
  readonly #end: Pfn;

  constructor(
    layout: PageLayout,
    model: MemoryModel,
    pages: PlacedPages,
    zones: readonly Zone[],
    lru: number,
  ) {
    const { node, zone } = layout.fields;
    const inPlace = (field: typeof node, value: number): bigint =>
      field.width === 0 ? 0n : BigInt(value) << BigInt(field.shift);
    this.#layout = layout;
    this.#model = model;
    this.#pages = pages;
    this.#mask = halves(inPlace(node, 2 ** node.width - 1) | inPlace(zone, 2 ** zone.width - 1));
    this.#zones = zones.map((z) => {
      const [low, high] = halves(inPlace(node, z.node) | inPlace(zone, z.zone));
      return { start: z.start, end: z.end, low, high };
    });
    this.#lru = lru;
    this.#base = halves(model.base ?? 0n);
    this.#end = model.present.at(-1)?.end ?? 0;
    this.#lruBit = bitOf(layout, 'lru');
    this.#reservedBit = bitOf(layout, 'reserved');
    const types = pageTypeDecoder(layout);
    const free = types.code('buddy');
    this.#isFree = (word) => types.decode(word) === free && free !== 0;
  }

  /** Adds the evidence of `count` struct pages from `start` on to `sum`. */
  hear(start: Pfn, count: number, sum: Testimony): void {
    const view = this.#pages.read(start, count);
    if (view === undefined) return;
    const { size, offsets } = this.#layout;
    const most = sum.neighbours.length + 2 * MOST_ASKED;
    for (let i = 0; i < count; i++) {
      const at = i * size;
      this.#zone(view, at, start + i, sum);
      if (view.getUint32(at + offsets.compound, true) & 1) this.#tail(view, at, start + i, sum);
      else this.#list(view, at, start + i, sum, sum.neighbours.length < most);
    }
  }

  /** Adds the evidence of the list neighbours that `hear` has noted. Slow: each is read on its own. */
  askNeighbours(sum: Testimony): void {
    for (const { pfn, other, back } of sum.neighbours.splice(0)) {
      const view = this.#pages.read(other, 1);
      if (view === undefined) continue;
      if (this.#nodeAt(view, back) === pfn) sum.listed.yes++;
      else sum.listed.no++;
    }
  }

  /**
   * Whether a page frame is free or on a reclaim list. Memory in which the kernel has stored something of its own is
   * neither.
   */
  isLoose(pfn: Pfn): boolean {
    const view = this.#pages.read(pfn, 1);
    return view !== undefined && this.#isListed(view, 0);
  }

  #isListed(view: DataView, at: number): boolean {
    const { flags, mapcount } = this.#layout.offsets;
    const isOnLru = (view.getUint32(at + flags, true) & this.#lruBit) !== 0;
    return isOnLru || this.#isFree(view.getInt32(at + mapcount, true));
  }

  #isReserved(view: DataView, at: number): boolean {
    return (view.getUint32(at + this.#layout.offsets.flags, true) & this.#reservedBit) !== 0;
  }

  #zone(view: DataView, at: number, pfn: Pfn, sum: Testimony): void {
    // struct pages of holes are reserved and may have any zone
    if (this.#zones.length === 0 || this.#isReserved(view, at)) return;
    const [lowMask, highMask] = this.#mask;
    const { flags } = this.#layout.offsets;
    const low = (view.getUint32(at + flags, true) & lowMask) >>> 0;
    const high = (view.getUint32(at + flags + 4, true) & highMask) >>> 0;
    let isSpanned = false;
    for (const zone of this.#zones) {
      if (pfn < zone.start || pfn >= zone.end) continue;
      isSpanned = true;
      if (zone.low === low && zone.high === high) {
        sum.zoned.yes++;
        return;
      }
    }
    if (isSpanned) sum.zoned.no++;
  }

  /** A tail holds the address of its head, which is before it. Since 7.1 it may hold a mask, which tells nothing. */
  #tail(view: DataView, at: number, pfn: Pfn, sum: Testimony): void {
    const low = view.getUint32(at + this.#layout.offsets.compound, true);
    const high = view.getUint32(at + this.#layout.offsets.compound + 4, true);
    if (this.#layout.tailMayBeMask && high === 0xffffffff) return;
    const head = Math.floor(this.#pagesTo(low - 1, high));
    if (head >= 0 && head < pfn && pfn - head < MOST_PAGES) sum.own.yes++;
    else sum.own.no++;
    if (head < pfn && pfn - head <= CLOSE) sum.sure++;
  }

  /** A page on no list holds its own address twice; a page on a list has neighbours whose pointers lead back. */
  #list(view: DataView, at: number, pfn: Pfn, sum: Testimony, mayAsk: boolean): void {
    const { lru } = this.#layout.offsets;
    const next = this.#nodeAt(view, at + lru);
    const previous = this.#nodeAt(view, at + lru + 8);
    if (next === previous && isSame(view, at + lru, at + lru + 8)) {
      if (next === pfn) {
        sum.own.yes++;
        sum.sure++;
      } else if (next !== undefined && this.#isReserved(view, at)) sum.own.no++;
      if (next === pfn || next === undefined) return;
    }
    if (!mayAsk || !this.#isListed(view, at)) return;
    if (next !== undefined) sum.neighbours.push({ pfn, other: next, back: lru + 8 });
    if (previous !== undefined) sum.neighbours.push({ pfn, other: previous, back: lru });
  }

  /** The pfn to whose page.lru the pointer at `at` leads. */
  #nodeAt(view: DataView, at: number): Pfn | undefined {
    const pfn = this.#pagesTo(view.getUint32(at, true) - this.#lru, view.getUint32(at + 4, true));
    return Number.isInteger(pfn) && pfn >= 0 && pfn < this.#end ? pfn : undefined;
  }

  /** The distance of an address from the start of the array, in struct pages. */
  #pagesTo(low: number, high: number): number {
    const [baseLow, baseHigh] = this.#base;
    return ((high - baseHigh) * 2 ** 32 + (low - baseLow)) / this.#model.pageSize;
  }
}

function bitOf(layout: PageLayout, flag: string): number {
  const bit = layout.flags.bits.get(flag);
  return bit === undefined ? 0 : 1 << bit;
}

function isSame(view: DataView, one: number, other: number): boolean {
  return (
    view.getUint32(one, true) === view.getUint32(other, true) &&
    view.getUint32(one + 4, true) === view.getUint32(other + 4, true)
  );
}
