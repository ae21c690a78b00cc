import type { Pfn } from '../../core/address.ts';
import { pageTypeDecoder } from '../../decode/page-type.ts';
import type { PageLayout } from '../../layout/page-layout.ts';
import type { MemoryModel } from '../../memmap/memory-model.ts';
import type { PageReader } from '../../memmap/page-reader.ts';
import type { Zone } from '../../memmap/zones.ts';

/** What struct pages tell about their own page frame: how many confirm it, and how many contradict it. */
export interface Testimony {
  /** By their own contents: their own address, or that of a head shortly before them. */
  own: { yes: number; no: number };
  /** By their neighbours on a list, whose pointers lead back to them. */
  listed: { yes: number; no: number };
  /** By the zone and node in their flags. */
  zoned: { yes: number; no: number };
}

/** Maximum number of list neighbours to read for a group of struct pages: each is somewhere else. */
const MOST_ASKED = 6;
/** No folio has more pages. */
const MOST_PAGES = 2 ** 22;

/** Collects the evidence of struct pages for one kernel. */
export class Witnesses {
  readonly #layout: PageLayout;
  readonly #model: MemoryModel;
  readonly #reader: PageReader;
  readonly #zones: readonly Zone[];
  readonly #isFree: (word: number) => boolean;
  /** Offset of page.lru in memory. */
  readonly #lru: bigint;

  constructor(layout: PageLayout, reader: PageReader, zones: readonly Zone[], lru: number) {
    this.#layout = layout;
    this.#model = reader.model;
    this.#reader = reader;
    this.#zones = zones;
    this.#lru = BigInt(lru);
    const types = pageTypeDecoder(layout);
    const free = types.code('buddy');
    this.#isFree = (word) => types.decode(word) === free && free !== 0;
  }

  /** Adds the evidence of `count` struct pages from `start` on to `sum`. */
  hear(start: Pfn, count: number, sum: Testimony): void {
    const { bytes, states } = this.#reader.read(start, count);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let asked = 0;
    for (let i = 0; i < count; i++) {
      if (states[i] !== 0) continue;
      const at = i * this.#layout.size;
      const pfn = start + i;
      this.#zone(view, at, pfn, sum);
      const link = view.getBigUint64(at + this.#layout.offsets.compound, true);
      if ((link & 1n) === 1n) this.#tail(pfn, link, sum);
      else asked += this.#list(view, at, pfn, asked < MOST_ASKED, sum);
    }
  }

  /**
   * Whether a page frame is free or on a reclaim list. Memory in which the kernel has stored something of its own is
   * neither.
   */
  isLoose(pfn: Pfn): boolean {
    const { bytes, readable } = this.#reader.read(pfn, 1);
    if (readable === 0) return false;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return this.#has(view, 0, 'lru') || this.#isFree(view.getInt32(this.#layout.offsets.mapcount, true));
  }

  #has(view: DataView, at: number, flag: string): boolean {
    const bit = this.#layout.flags.bits.get(flag);
    return bit !== undefined && ((view.getUint32(at + this.#layout.offsets.flags, true) >>> bit) & 1) === 1;
  }

  #zone(view: DataView, at: number, pfn: Pfn, sum: Testimony): void {
    // struct pages of holes are reserved and may have any zone
    if (this.#zones.length === 0 || this.#has(view, at, 'reserved')) return;
    const flags = view.getBigUint64(at + this.#layout.offsets.flags, true);
    const { node, zone } = this.#layout.fields;
    const field = (f: { shift: number; width: number }): number =>
      f.width === 0 ? 0 : Number((flags >> BigInt(f.shift)) & ((1n << BigInt(f.width)) - 1n));
    const spans = this.#zones.filter((z) => pfn >= z.start && pfn < z.end);
    if (spans.length === 0) return;
    if (spans.some((z) => z.node === field(node) && z.zone === field(zone))) sum.zoned.yes++;
    else sum.zoned.no++;
  }

  /** A tail holds the address of its head, which is before it. Since 7.1 it may hold a mask, which tells nothing. */
  #tail(pfn: Pfn, link: bigint, sum: Testimony): void {
    if (this.#layout.tailMayBeMask && link >> 32n === 0xffffffffn) return;
    const head = this.#model.pfnOf(link - 1n);
    if (head !== undefined && head < pfn && pfn - head < MOST_PAGES) sum.own.yes++;
    else sum.own.no++;
  }

  /**
   * A page on no list holds its own address twice; a page on a list has neighbours whose pointers lead back. Returns the
   * number of neighbours read.
   */
  #list(view: DataView, at: number, pfn: Pfn, mayAsk: boolean, sum: Testimony): number {
    const { lru, mapcount } = this.#layout.offsets;
    const next = view.getBigUint64(at + lru, true);
    const previous = view.getBigUint64(at + lru + 8, true);
    const here = this.#model.addressOf(pfn)! + this.#lru;
    if (next === previous) {
      const named = this.#nodeOf(next);
      if (next === here) sum.own.yes++;
      else if (named !== undefined && this.#has(view, at, 'reserved')) sum.own.no++;
      if (next === here || named === undefined) return 0;
    }
    const listed = this.#has(view, at, 'lru') || this.#isFree(view.getInt32(at + mapcount, true));
    if (!listed || !mayAsk) return 0;
    for (const [neighbour, back] of [
      [next, lru + 8],
      [previous, lru],
    ] as const) {
      const other = this.#nodeOf(neighbour);
      if (other === undefined) continue;
      const { bytes, readable } = this.#reader.read(other, 1);
      if (readable === 0) continue;
      const leads = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(back, true);
      if (leads === here) sum.listed.yes++;
      else sum.listed.no++;
    }
    return 1;
  }

  /** The pfn whose page.lru is at an address. */
  #nodeOf(address: bigint): Pfn | undefined {
    const pfn = this.#model.pfnOf(address - this.#lru);
    return pfn !== undefined && this.#model.addressOf(pfn) === address - this.#lru ? pfn : undefined;
  }
}
