import type { Decoder, PickedRows } from '../decode/decode.ts';
import { MAPPING_KINDS } from '../decode/mapping.ts';
import { CONSTANTS, RECORDS } from '../loops/abi.ts';
import type { Address } from '../loops/loops.ts';
import { sizeOf } from '../loops/records.ts';
import { nameOf } from '../table/column.ts';

/** Free memory of a zone. */
export interface ZoneSummary {
  readonly node: number;
  readonly zone: string;
  /** Number of struct pages in this zone, with or without memory behind them. */
  pages: number;
  freePages: number;
  /** freeBlocks[order]: number of free blocks of 2^order pages. */
  readonly freeBlocks: number[];
}

/** Counts over pages; every map goes from a name to a number of pages. */
export interface Summary {
  pages: number;
  /** By page type; pages without one are counted by mapping: anon, file, reserved, other. */
  readonly types: Map<string, number>;
  readonly flags: Map<string, number>;
  readonly zones: Map<string, ZoneSummary>;
  /**
   * folios[order]: number of folios (heads). Order 0 counts single pages that are neither free nor typed. The list has no
   * holes.
   */
  readonly folios: number[];
  readonly slabCaches: Map<string, number>;
  /** For JSON.stringify(): maps become objects, zones a list. */
  toJSON(): unknown;
}

/** An empty summary. */
export function emptySummary(): Summary {
  return new Counts();
}

class Counts implements Summary {
  pages = 0;
  readonly types: Summary['types'] = new Map();
  readonly flags: Summary['flags'] = new Map();
  readonly zones: Summary['zones'] = new Map();
  readonly folios: number[] = [];
  readonly slabCaches: Summary['slabCaches'] = new Map();

  toJSON(): unknown {
    return {
      ...this,
      types: Object.fromEntries(this.types),
      flags: Object.fromEntries(this.flags),
      zones: [...this.zones.values()],
      slabCaches: Object.fromEntries(this.slabCaches),
    };
  }
}

/** Adds to the count of an order in a list without holes. */
function addToOrder(counts: number[], order: number, n: number): void {
  while (counts.length <= order) counts.push(0);
  counts[order]! += n;
}

const { PageClass, Slots } = CONSTANTS;
const MAX_CACHES = 65536;
/** The name under which slab pages without a cache are counted. */
const NO_CACHE = '(none)';

/** Counts the pages of successive batches, in the loops. */
export class SummaryCounter {
  readonly #decoder: Decoder;
  readonly #zoneCount: number;
  readonly #at: Record<'classes' | 'zones' | 'folioOrders' | 'caches' | 'bitCounts', Address>;
  #pages = 0;

  constructor(decoder: Decoder) {
    this.#decoder = decoder;
    const { loops, flags } = decoder.pages;
    const { node, zone } = decoder.layout.fields;
    const width = node.width + zone.width;
    this.#zoneCount = 2 ** width;
    const counts = (slots: number): Address => loops.allocate(slots * 8);
    this.#at = {
      classes: counts(Slots.classes),
      zones: counts(this.#zoneCount * Slots.zone),
      folioOrders: counts(Slots.orders),
      caches: counts(MAX_CACHES),
      bitCounts: counts(Slots.bits),
    };
    loops.set('Summary', {
      ...this.#at,
      kinds: loops.allocate(Slots.kinds * sizeOf(RECORDS.KindSlot)),
      zoneShift: zone.shift,
      zoneMask: this.#zoneCount - 1,
      reservedBit: flags.names.indexOf('reserved'),
    });
    loops.run.startSummary();
  }

  /** Adds rows of the batch that the decoder holds. */
  add({ at, first, count }: PickedRows): void {
    const decoder = this.#decoder;
    const { run } = decoder.pages.loops;
    if (at === 0 && count === decoder.count && decoder.readable === count) {
      run.summarizeAll(decoder.start, count);
    } else {
      decoder.folios();
      run.summarize(at, first, count);
    }
    this.#pages += count;
  }

  /** The counts so far. */
  summary(): Summary {
    const { loops, types, flags } = this.#decoder.pages;
    loops.run.flushKinds();
    const counts = (at: Address, length: number): number[] => Array.from(loops.longs(at, length), Number);
    const summary = emptySummary();
    summary.pages = this.#pages;
    const named = (to: Map<string, number>, name: string, n: number): void => {
      if (n > 0) to.set(name, (to.get(name) ?? 0) + n);
    };
    for (const [key, n] of counts(this.#at.classes, Slots.classes).entries()) {
      const name =
        key === PageClass.other
          ? 'other'
          : key === PageClass.reserved
            ? 'reserved'
            : key < PageClass.kinds
              ? types.names[key]
              : MAPPING_KINDS[key - PageClass.kinds];
      if (name) named(summary.types, name, n);
    }
    for (const [bit, n] of counts(this.#at.bitCounts, Slots.bits).entries()) {
      const name = flags.names[bit];
      if (name !== undefined) named(summary.flags, name, n);
    }
    this.#addZones(summary);
    for (const [order, n] of counts(this.#at.folioOrders, Slots.orders).entries())
      if (n > 0) addToOrder(summary.folios, order, n);
    const names = this.#decoder.cacheNames;
    for (const [code, n] of counts(this.#at.caches, names.length).entries()) {
      named(summary.slabCaches, names[code] || NO_CACHE, n);
    }
    return summary;
  }

  #addZones(summary: Summary): void {
    const { loops } = this.#decoder.pages;
    const { zones, fields } = this.#decoder.layout;
    const all = loops.longs(this.#at.zones, this.#zoneCount * Slots.zone);
    for (let index = 0; index < this.#zoneCount; index++) {
      if (all[index * Slots.zone] === 0n) continue;
      const slots = all.subarray(index * Slots.zone, (index + 1) * Slots.zone);
      const number = index % 2 ** fields.zone.width;
      const node = Math.floor(index / 2 ** fields.zone.width);
      const zone = nameOf(zones, number);
      const entry: ZoneSummary = { node, zone, pages: Number(slots[0]), freePages: 0, freeBlocks: [] };
      for (let order = 0; order < Slots.zone - 1; order++) {
        const pages = Number(slots[order + 1]);
        if (pages === 0) continue;
        entry.freePages += pages;
        addToOrder(entry.freeBlocks, order, pages / 2 ** order);
      }
      summary.zones.set(`${node} ${zone}`, entry);
    }
  }
}

/** Adds the counts of `other`, for other pages, to `summary`. */
export function addSummary(summary: Summary, other: Summary): void {
  const add = (to: Map<string, number>, from: ReadonlyMap<string, number>): void => {
    for (const [name, n] of from) to.set(name, (to.get(name) ?? 0) + n);
  };
  const addByOrder = (to: number[], from: readonly number[]): void => {
    for (const [order, n] of from.entries()) if (n) addToOrder(to, order, n);
  };
  summary.pages += other.pages;
  add(summary.types, other.types);
  add(summary.flags, other.flags);
  add(summary.slabCaches, other.slabCaches);
  addByOrder(summary.folios, other.folios);
  for (const [key, zone] of other.zones) {
    const entry = summary.zones.get(key);
    if (!entry) {
      summary.zones.set(key, { ...zone, freeBlocks: [...zone.freeBlocks] });
      continue;
    }
    entry.pages += zone.pages;
    entry.freePages += zone.freePages;
    addByOrder(entry.freeBlocks, zone.freeBlocks);
  }
}
