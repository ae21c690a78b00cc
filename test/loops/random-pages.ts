import type { SlabCaches } from '../../src/decode/slab-caches.ts';
import type { PageLayout } from '../../src/layout/page-layout.ts';
import type { MemoryModel } from '../../src/memmap/memory-model.ts';
import type { PageReader, RawPages } from '../../src/memmap/page-reader.ts';
import { sparseModel } from '../../src/memmap/sparse.ts';

const BASE = 0xffffea0000000000n;
/** Without vmemmap each section has an array of its own, far from the others. */
const ARRAYS = [0xffff888004000000n, 0xffff888010000000n];
const SECTION_BITS = 22;
const SECTION_PAGES = 2 ** (SECTION_BITS - 12);

/** A source of numbers that are the same for the same seed (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** A whole number from 0 to below `limit`. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * limit);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  word(): bigint {
    return (BigInt(this.below(2 ** 32)) << 32n) | BigInt(this.below(2 ** 32));
  }
}

/** Struct pages that a kernel could have, and that no kernel ever had; the pages of `[0, count)`. */
export class RandomPages {
  readonly layout: PageLayout;
  readonly count: number;
  readonly model: MemoryModel;
  readonly bytes: Uint8Array;
  readonly states: Uint8Array;
  readonly caches: SlabCaches;
  readonly #view: DataView;
  readonly #random: Random;

  constructor(layout: PageLayout, count: number, seed: number, vmemmap = true) {
    this.layout = layout;
    this.count = count;
    this.model = modelOf(layout.size, vmemmap);
    this.bytes = new Uint8Array(count * layout.size);
    this.#view = new DataView(this.bytes.buffer);
    this.#random = new Random(seed);
    this.caches = knownCaches();
    this.states = Uint8Array.from({ length: count }, () =>
      this.#random.below(20) === 0 ? this.#random.below(10) : 0,
    );
    for (let pfn = 0; pfn < count; ) pfn += this.#make(pfn);
  }

  /** A reader of these pages, as of a dump; those outside of them are holes. */
  get reader(): PageReader {
    const { model, layout } = this;
    const read: PageReader['read'] = (start, count, into, statesInto) => {
      const bytes = into ?? new Uint8Array(count * layout.size);
      const states = statesInto ?? new Uint8Array(count);
      for (let i = 0; i < count; i++) {
        const pfn = start + i;
        const there = pfn >= 0 && pfn < this.count;
        states[i] = there ? this.states[pfn]! : 2;
        if (there) {
          const at = pfn * layout.size;
          bytes.set(this.bytes.subarray(at, at + layout.size), i * layout.size);
        }
      }
      const readable = states.reduce((sum, s) => sum + (s === 0 ? 1 : 0), 0);
      return { start, count, bytes, states, readable };
    };
    return { model, read } as unknown as PageReader;
  }

  batch(start: number, count: number): RawPages {
    return this.reader.read(start, count);
  }

  /** Makes the pages from `pfn` on that belong together; returns how many. */
  #make(pfn: number): number {
    const random = this.#random;
    this.#plain(pfn);
    switch (random.below(11)) {
      case 0:
        return this.#compound(pfn);
      case 1:
        this.#link(pfn, this.#anyLink(pfn));
        return 1;
      case 2:
        return this.#free(pfn);
      case 3:
        this.#type(pfn, random.pick(this.layout.types.values).name);
        return 1;
      case 4:
        this.#slab(pfn);
        return 1;
      case 5:
        for (let i = 0; i < this.layout.size; i += 4)
          this.#view.setUint32(pfn * this.layout.size + i, random.below(2 ** 32), true);
        return 1;
      case 6:
      case 7:
        return pfn > 0 ? this.#copies(pfn) : 1;
      default:
        return 1;
    }
  }

  /** Pages like the one before, some with a bit that is not: what was found out of one must not be taken for the other's. */
  #copies(pfn: number): number {
    const random = this.#random;
    const { size, offsets } = this.layout;
    const { flags, compound, mapping, mapcount, refcount, slabCache = 0 } = offsets;
    const count = Math.min(1 + random.below(24), this.count - pfn);
    for (let i = 0; i < count; i++) {
      const at = (pfn + i) * size;
      this.bytes.copyWithin(at, at - size, at);
      if (random.below(4) > 0) continue;
      const member = random.pick([flags, flags, compound, mapping, mapcount, refcount, slabCache]);
      const byte = at + member + random.below(member === mapcount || member === refcount ? 4 : 8);
      this.bytes[byte] = this.bytes[byte]! ^ (1 << random.below(8));
    }
    return count;
  }

  #plain(pfn: number): void {
    const { offsets, flags } = this.layout;
    const random = this.#random;
    let word = random.word() & ~((1n << BigInt(flags.count)) - 1n);
    for (let n = random.below(5); n > 0; n--) word |= 1n << BigInt(random.below(flags.count));
    const head = flags.bits.get('head');
    if (head !== undefined && random.below(4) > 0) word &= ~(1n << BigInt(head));
    this.#set(pfn, offsets.flags, word);
    this.#set(pfn, offsets.compound, random.word() & ~1n);
    this.#int(pfn, offsets.mapcount, random.pick([-1, -1, -1, 0, 1, 5, -2, -127, -129, 0x7fffffff]));
    this.#int(pfn, offsets.refcount, random.pick([0, 1, 1, 2, 3, -1]));
    const kind = BigInt(random.below(4));
    const { from } = this.layout.pointers;
    const pointer = (from > 2n ** 63n ? 0xffff888000000000n : from) + (random.word() & 0xffffff8n);
    this.#set(pfn, offsets.mapping, random.pick([0n, pointer | kind, pointer | kind, 0xdead000000000400n]));
  }

  #compound(pfn: number): number {
    const { layout } = this;
    const random = this.#random;
    const order = random.below(5);
    const count = Math.min(2 ** order, this.count - pfn);
    for (let i = 1; i < count; i++) {
      this.#plain(pfn + i);
      this.#link(
        pfn + i,
        random.below(30) === 0 ? this.#anyLink(pfn + i) : this.#linkTo(pfn, pfn + i, order),
      );
    }
    this.#flag(pfn, 'head');
    this.#link(pfn, random.word() & ~1n);
    const wrong = random.below(20) === 0 ? 0xff : order;
    if (layout.order.kind === 'byte') {
      const at = pfn * layout.size + layout.order.offset;
      if (at < this.bytes.length) this.bytes[at] = wrong;
    } else if (pfn + 1 < this.count) {
      const at = (pfn + 1) * layout.size + layout.offsets.flags;
      this.bytes[at] = wrong;
    }
    const what = random.below(5);
    if (what < 2) this.#slab(pfn);
    else if (what === 2) this.#type(pfn, random.pick(['hugetlb', 'zsmalloc', 'offline']));
    if (layout.hugetlb.kind === 'dtor' && random.below(3) === 0 && count > 1) {
      this.bytes[pfn * layout.size + layout.hugetlb.offset] = layout.hugetlb.value;
    }
    return Math.max(1, count);
  }

  #free(pfn: number): number {
    const random = this.#random;
    const order = random.below(6);
    for (let i = 0; i < 2 ** order && pfn + i < this.count; i++) {
      this.#plain(pfn + i);
      this.#link(pfn + i, random.word() & ~1n);
      this.#int(pfn + i, this.layout.offsets.refcount, random.below(15) === 0 ? 1 : 0);
      this.#int(pfn + i, this.layout.offsets.mapcount, -1);
    }
    this.#type(pfn, 'buddy');
    this.#set(
      pfn,
      this.layout.offsets.private,
      BigInt(random.below(25) === 0 ? random.below(2 ** 32) : order),
    );
    return Math.min(2 ** order, this.count - pfn);
  }

  #slab(pfn: number): void {
    const { layout } = this;
    const random = this.#random;
    if (layout.flags.bits.has('slab')) this.#flag(pfn, 'slab');
    else this.#type(pfn, 'slab');
    const cache = random.pick([0n, 0xffff888001000000n + BigInt(random.below(40)) * 64n, random.word()]);
    if (layout.offsets.slabCache !== undefined) this.#set(pfn, layout.offsets.slabCache, cache);
  }

  #type(pfn: number, name: string): void {
    const { types, offsets } = this.layout;
    const value = types.values.find((v) => v.name === name)?.value;
    if (value === undefined) return;
    const low = this.#random.below(2) === 0 ? 0 : this.#random.below(2 ** 16);
    const word =
      types.encoding === 'byte'
        ? (value << 24) | low
        : types.encoding === 'inverted'
          ? 0xffffffff & ~value
          : value;
    this.#int(pfn, offsets.mapcount, word | 0);
  }

  #linkTo(head: number, pfn: number, order: number): bigint {
    const aligned = head % 2 ** order === 0 && 2 ** order * this.layout.size >= 64;
    if (this.layout.tailMayBeMask && aligned && this.#random.below(2) === 0) {
      const bytes = BigInt(2 ** order * this.layout.size);
      return BigInt.asUintN(64, -bytes) | 1n;
    }
    const address = this.model.addressOf(head) ?? this.model.addressOf(pfn) ?? 0n;
    return address | 1n;
  }

  #anyLink(pfn: number): bigint {
    const random = this.#random;
    const other = Math.max(0, pfn - 40 + random.below(80));
    return random.pick([
      (this.model.addressOf(other) ?? 0n) | 1n,
      (this.model.addressOf(random.below(2 ** 20)) ?? 0n) | 1n,
      BigInt.asUintN(64, -(1n << BigInt(random.below(34)))) | 1n,
      random.word() | 1n,
      (this.model.addressOf(other) ?? 0n) + 9n,
      1n,
    ]);
  }

  #flag(pfn: number, name: string): void {
    const bit = this.layout.flags.bits.get(name);
    if (bit === undefined) return;
    const at = pfn * this.layout.size + this.layout.offsets.flags;
    this.#view.setBigUint64(at, this.#view.getBigUint64(at, true) | (1n << BigInt(bit)), true);
  }

  #link(pfn: number, link: bigint): void {
    this.#set(pfn, this.layout.offsets.compound, link);
  }

  #set(pfn: number, offset: number, value: bigint): void {
    this.#view.setBigUint64(pfn * this.layout.size + offset, value, true);
  }

  #int(pfn: number, offset: number, value: number): void {
    this.#view.setInt32(pfn * this.layout.size + offset, value, true);
  }
}

function modelOf(size: number, vmemmap: boolean): MemoryModel {
  const bases = vmemmap ? [BASE, BASE] : ARRAYS;
  const list = bases.map((base, number) => {
    const start = number * SECTION_PAGES;
    const pfns = [{ start, end: start + SECTION_PAGES }];
    return { number, base, pfns, online: number % 2 === 0 ? pfns : [] };
  });
  const sections = { list, sectionSizeBits: SECTION_BITS, maxPhysicalBits: 46, from: 'test', lost: [] };
  return sparseModel(sections, size, 12, vmemmap);
}

/** Caches whose names are made of their addresses; a few share one. */
function knownCaches(): SlabCaches {
  const names = [''];
  const codes = new Map<string, number>();
  return {
    names,
    code(low: number, high: number) {
      if (low === 0 && high === 0) return 0;
      const name = high === 0xffff8880 ? `cache-${(low >>> 6) % 37}` : `0x${high.toString(16)},${low}`;
      let code = codes.get(name);
      if (code === undefined) {
        code = names.push(name) - 1;
        codes.set(name, code);
      }
      return code;
    },
  } as unknown as SlabCaches;
}
