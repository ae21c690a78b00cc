import type { PageLayout } from '../layout/page-layout.ts';
import type { Address, LoopHost } from '../loops/loops.ts';
import { Loops } from '../loops/loops.ts';
import type { PageReader } from '../memmap/page-reader.ts';
import { type CompiledRule, type FlagRules, flagRules } from './flag-names.ts';
import { type PageTypeDecoder, pageTypeDecoder } from './page-type.ts';
import type { SlabCaches } from './slab-caches.ts';

/** Slots of the table of slab caches, and of 16 bytes each; as in folio.ts of the loops. */
const CACHE_SLOTS = 4096;
/** Bytes of an alias rule and of a type rule in memory. */
const ALIAS_BYTES = 28;
const TYPE_RULE_BYTES = 12;
/** Masks by which pages are alike, as in alike.ts of the loops. */
const MASK_BYTES = 2 * 5 * 64;
/** typedBelow of kernels where only a word that has a code is a type. */
const NO_THRESHOLD = -0x80000000;

/** Where in the facts of a page each of them is, in bytes; as in state.ts of the loops. */
export const FACT = { place: 0, type: 1, kind: 2, freeOrder: 3, order: 4, cache: 6 } as const;
export const FACT_BYTES = 8;
/** One thing that the folio pass finds out of a page. */
export type Fact = keyof typeof FACT;

/** The loops, set up for one kernel's struct page and for batches of up to `capacity` pages. */
export class PageLoops {
  readonly loops: Loops;
  readonly capacity: number;
  readonly layout: PageLayout;
  readonly types: PageTypeDecoder;
  readonly flags: FlagRules;
  /** Struct pages of the batch, and a byte for each that is an index into PAGE_STATES. */
  readonly raw: Address;
  readonly states: Address;
  /** The same as arrays, for all of a batch's capacity. */
  readonly rawBytes: Uint8Array;
  readonly stateBytes: Uint8Array;
  /** What the folio pass found: FACT_BYTES a page, and the pfn of its head as a double. */
  readonly facts: Address;
  readonly head: Address;
  /** Sets of flags, aliases resolved: a 64-bit word a page. */
  readonly sets: Address;
  /** Set by whoever encodes rows: makes the text of a set of flags. */
  setText: LoopHost['setText'] = () => 0;
  #wantsHead = true;

  constructor(layout: PageLayout, reader: PageReader, caches: SlabCaches, capacity: number) {
    const { size } = layout;
    this.layout = layout;
    this.capacity = capacity;
    this.types = pageTypeDecoder(layout);
    this.flags = flagRules(layout, this.types.names);
    let outside: Uint8Array | undefined;
    this.loops = new Loops({
      readHead: (pfn) => {
        const { readable, bytes } = reader.read(pfn, 2);
        if (readable < 2) return 0;
        outside!.set(bytes);
        return 1;
      },
      pfnOf: (low, high) => reader.model.pfnOf((BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)) ?? -1,
      slabCache: (low, high) => caches.code(low >>> 0, high >>> 0),
      setText: (column, low, high) => this.setText(column, low >>> 0, high >>> 0),
    });
    const { loops } = this;
    this.raw = loops.allocate(capacity * size);
    this.states = loops.allocate(capacity);
    this.rawBytes = loops.bytes(this.raw, capacity * size);
    this.stateBytes = loops.bytes(this.states, capacity);
    this.sets = loops.allocate(capacity * 8);
    this.facts = loops.allocate(capacity * FACT_BYTES);
    this.head = loops.allocate(capacity * 8);
    const beside = loops.allocate(2 * size);
    outside = loops.bytes(beside, 2 * size);
    loops.run.setBatch(this.raw, this.states, beside);
    this.#setMembers(reader.model.base);
    this.#setTypes();
    this.#setAliases();
    this.#setOutputs(loops.allocate(CACHE_SLOTS * 16));
    loops.run.setMasks(loops.allocate(MASK_BYTES));
  }

  /** Where a fact of the first page is, and the bytes from page to page. */
  fact(name: Fact): { at: Address; stride: number } {
    return { at: this.facts + FACT[name], stride: FACT_BYTES };
  }

  /** Runs the folio pass over the batch; `head` is only filled in if it is wanted. */
  runFolios(start: number, count: number, wantsHead: boolean): void {
    if (wantsHead !== this.#wantsHead) {
      this.#wantsHead = wantsHead;
      this.#setOutputs(this.#cacheTable);
    }
    this.loops.run.folios(start, count);
  }

  #cacheTable = 0;

  #setMembers(base: bigint | undefined): void {
    const { layout } = this;
    const { offsets, size, hugetlb, order, flags } = layout;
    const { run } = this.loops;
    const log = Math.log2(size);
    run.setMembers(
      size,
      Number.isInteger(log) ? log : -1,
      offsets.flags,
      offsets.compound,
      offsets.mapcount,
      offsets.refcount,
      offsets.private,
      offsets.mapping,
      offsets.slabCache ?? -1,
    );
    const bit = (name: string): number => {
      const at = flags.bits.get(name);
      return at === undefined ? 0 : 1 << at;
    };
    run.setFolios(
      bit('head'),
      bit('slab'),
      Number(layout.tailMayBeMask),
      base ?? 0n,
      order.kind === 'byte' ? order.offset : -1,
      hugetlb.kind === 'dtor' ? 1 : hugetlb.kind === 'flag' ? 2 : 0,
      hugetlb.kind === 'dtor' ? hugetlb.offset : hugetlb.kind === 'flag' ? hugetlb.bit : 0,
      hugetlb.kind === 'dtor' ? hugetlb.value : 0,
      Number(layout.movableByMapping),
    );
  }

  #setTypes(): void {
    const { loops, types } = this;
    const table = loops.allocate(256);
    if (types.byByte) loops.bytes(table, 256).set(types.byByte);
    const rules = loops.allocate(types.rules.length * TYPE_RULE_BYTES);
    loops
      .ints(rules, types.rules.length * 3)
      .set(types.rules.flatMap(({ mask, value, code }) => [mask, value, code]));
    const movable = loops.allocate(256);
    loops.bytes(movable, 256).set(types.mayBeMovable);
    loops.run.setTypes(
      types.byByte ? 1 : 0,
      table,
      rules,
      types.rules.length,
      types.typedBelow ?? NO_THRESHOLD,
      types.code('buddy'),
      types.slab,
      types.hugetlb,
      movable,
    );
  }

  #setAliases(): void {
    const { loops, flags } = this;
    const at = loops.allocate(flags.rules.length * ALIAS_BYTES);
    loops.ints(at, flags.rules.length * 7).set(flags.rules.flatMap(words));
    const bits = flags.rules.reduce((sum, rule) => sum | (1 << rule.bit), 0);
    loops.run.setAliases(at, flags.rules.length, bits, flags.bits, flags.tailBits, this.sets);
  }

  #setOutputs(cacheTable: Address): void {
    this.#cacheTable = cacheTable;
    this.loops.run.setOutputs(this.facts, this.#wantsHead ? this.head : 0, cacheTable);
  }
}

function words(rule: CompiledRule): number[] {
  const { bit, to, kinds, types, withBit, withoutBit, second } = rule;
  return [bit, to, kinds, types, withBit, withoutBit, Number(second)];
}
