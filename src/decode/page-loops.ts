import { type VirtAddr, word } from '../core/address.ts';
import { viewOf } from '../core/bytes.ts';
import type { PageLayout } from '../layout/page-layout.ts';
import { CONSTANTS, RECORDS } from '../loops/abi.ts';
import { type Address, Loops } from '../loops/loops.ts';
import { offsetOf, sizeOf } from '../loops/records.ts';
import type { MemoryModel } from '../memmap/memory-model.ts';
import type { PageReader } from '../memmap/page-reader.ts';
import { type FlagRules, flagRules } from './flag-names.ts';
import { noCount } from './lanes.ts';
import { type PageTypeDecoder, pageTypeDecoder } from './page-type.ts';
import type { SlabCaches } from './slab-caches.ts';

const { HeadRead, State } = CONSTANTS;

/** Value of typedBelow for kernels in which only words with a code are types. */
const NO_THRESHOLD = -0x80000000;

/** One of the results of the folio pass for a page. */
export type Fact = Exclude<keyof typeof RECORDS.Facts, 'unused'>;
const FACTS = RECORDS.Facts;
/** Offset of each fact in the facts of a page, in bytes. */
export const FACT: Readonly<Record<Fact, number>> = {
  place: offsetOf(FACTS, 'place'),
  type: offsetOf(FACTS, 'type'),
  kind: offsetOf(FACTS, 'kind'),
  freeOrder: offsetOf(FACTS, 'freeOrder'),
  order: offsetOf(FACTS, 'order'),
  cache: offsetOf(FACTS, 'cache'),
};
export const FACT_BYTES: number = sizeOf(FACTS);

/** The pfn whose struct page begins at an address; -1 if none does. */
function pfnAt(model: MemoryModel, address: VirtAddr): number {
  const pfn = model.pfnOf(address);
  return pfn !== undefined && model.addressOf(pfn) === address ? pfn : -1;
}

/** The loops, set up for the struct page of one kernel and for batches of up to `capacity` pages. */
export class PageLoops {
  readonly loops: Loops;
  readonly capacity: number;
  readonly layout: PageLayout;
  readonly types: PageTypeDecoder;
  readonly flags: FlagRules;
  /** The struct pages of the batch, and a byte per page that is an index into PAGE_STATES. */
  readonly raw: Address;
  readonly states: Address;
  /** The same as arrays, with the full capacity of a batch. */
  readonly rawBytes: Uint8Array;
  readonly stateBytes: Uint8Array;
  /** The results of the folio pass: FACT_BYTES per page, and the pfn of its head as a double. */
  readonly facts: Address;
  readonly head: Address;
  /** Sets of flags with aliases resolved: a 64-bit word per page. */
  readonly sets: Address;
  readonly #reader: PageReader;
  readonly #cacheTable: Address;
  readonly #headTable: Address;
  readonly #masks: Address;
  #wantsHead = true;

  constructor(layout: PageLayout, reader: PageReader, caches: SlabCaches, capacity: number) {
    const { size } = layout;
    this.layout = layout;
    this.#reader = reader;
    this.capacity = capacity;
    this.types = pageTypeDecoder(layout);
    this.flags = flagRules(layout, this.types.names);
    let outside: Uint8Array | undefined;
    this.loops = new Loops({
      readHead: (pfn) => {
        const { readable, bytes, states } = reader.read(pfn, 2);
        if (readable < 2) return states[0] === State.absent ? HeadRead.absent : HeadRead.bad;
        outside!.set(bytes);
        return HeadRead.good;
      },
      pfnOf: (low, high) => pfnAt(reader.model, word(low, high)),
      slabCache: (low, high) => caches.code(low >>> 0, high >>> 0),
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
    this.#cacheTable = loops.allocate(CONSTANTS.Slots.caches * sizeOf(RECORDS.CacheSlot));
    this.#headTable = loops.allocate(CONSTANTS.Slots.heads * sizeOf(RECORDS.HeadSlot));
    this.#masks = loops.allocate(CONSTANTS.Masks.bytes);
    loops.set('Batch', { raw: this.raw, states: this.states, outside: beside });
    const isWidened = size !== reader.model.pageSize;
    this.#setMembers(isWidened ? 0 : 2 ** reader.model.pageShift);
    // records of 32-bit kernels are longer than struct pages in memory: heads are asked for one by one
    this.#setFolios(isWidened ? undefined : reader.model.base);
    this.#setTypes();
    this.#setAliases();
    this.#setCounts();
    this.#setOutputs();
    loops.run.makeMasks();
  }

  /** Address of a fact of the first page, and the distance between pages in bytes. */
  fact(name: Fact): { at: Address; stride: number } {
    return { at: this.facts + FACT[name], stride: FACT_BYTES };
  }

  /** A 64-bit word of a struct page that may be outside the batch; undefined if it cannot be read. */
  wordOutside(pfn: number, offset: number): bigint | undefined {
    const { readable, bytes } = this.#reader.read(pfn, 1);
    return readable === 1 ? viewOf(bytes).getBigUint64(offset, true) : undefined;
  }

  /** Runs the folio pass over the batch; it fills `head` only on request. */
  runFolios(start: number, count: number, wantsHead: boolean): void {
    if (wantsHead !== this.#wantsHead) {
      this.#wantsHead = wantsHead;
      this.#setOutputs();
    }
    this.loops.run.folios(start, count);
  }

  /** `pageBytes` is 0 where no struct page can be a fake head. */
  #setMembers(pageBytes: number): void {
    const { offsets, size, tailMayBeMask } = this.layout;
    const log = Math.log2(size);
    const isPower = Number.isInteger(log);
    this.loops.set('Members', {
      size,
      sizeLog: isPower ? log : -1,
      // only the first struct page of a page can be a fake head (hugetlb vmemmap optimisation), and only if none straddles
      // two pages
      fakeEvery: tailMayBeMask || !isPower ? 0 : pageBytes / size,
      flagsAt: offsets.flags,
      compoundAt: offsets.compound,
      mapcountAt: offsets.mapcount,
      refcountAt: offsets.refcount,
      privateAt: offsets.private,
      mappingAt: offsets.mapping,
      slabCacheAt: offsets.slabCache ?? -1,
    });
  }

  #setFolios(base: bigint | undefined): void {
    const { hugetlb, order, flags, tailMayBeMask, movableByMapping, pointers } = this.layout;
    const { HugetlbBy } = CONSTANTS;
    const mask = (name: string): number => {
      const bit = flags.bits.get(name);
      return bit === undefined ? 0 : 1 << bit;
    };
    const told = { type: HugetlbBy.type, dtor: HugetlbBy.destructor, flag: HugetlbBy.flag };
    this.loops.set('Folios', {
      headMask: mask('head'),
      slabMask: mask('slab'),
      tailMayBeMask: Number(tailMayBeMask),
      base: base ?? 0n,
      orderByte: order.kind === 'byte' ? order.offset : -1,
      hugetlbBy: told[hugetlb.kind],
      hugetlbAt: hugetlb.kind === 'dtor' ? hugetlb.offset : hugetlb.kind === 'flag' ? hugetlb.bit : 0,
      hugetlbValue: hugetlb.kind === 'dtor' ? hugetlb.value : 0,
      movableByMapping: Number(movableByMapping),
      pointersFrom: pointers.from,
      pointersSpan: pointers.to - pointers.from,
    });
  }

  #setCounts(): void {
    const { folio, flags, types } = this.layout;
    const doubleMap = flags.bits.get('double_map');
    this.loops.set('Counts', {
      entireAt: folio.entireMapcount ?? -1,
      nrMappedAt: folio.nrPagesMapped ?? -1,
      largeAt: folio.largeMapcount ?? -1,
      doubleMapMask: doubleMap === undefined || folio.nrPagesMapped !== undefined ? 0 : 1 << doubleMap,
      filesCountAlone: Number(folio.nrPagesMapped === undefined),
      noCount: noCount(types),
    });
  }

  #setTypes(): void {
    const { loops, types } = this;
    const bytes = (values: Uint8Array | undefined): Address => {
      const at = loops.allocate(256);
      if (values) loops.bytes(at, 256).set(values);
      return at;
    };
    loops.set('Types', {
      typeByByte: types.byByte ? 1 : 0,
      typeTable: bytes(types.byByte),
      typeRules: loops.place(RECORDS.TypeRule, types.rules),
      typeRuleCount: types.rules.length,
      typedBelow: types.typedBelow ?? NO_THRESHOLD,
      typeBuddy: types.code('buddy'),
      typeSlab: types.slab,
      typeHugetlb: types.hugetlb,
      mayBeMovable: bytes(types.mayBeMovable),
    });
  }

  #setAliases(): void {
    const { loops, flags, sets } = this;
    const { rules } = flags;
    loops.set('Aliases', {
      aliasRules: loops.place(RECORDS.AliasRule, rules),
      aliasCount: rules.length,
      aliasBits: rules.reduce((sum, rule) => sum | (1 << rule.bit), 0),
      flagBits: flags.bits,
      tailFlagBits: flags.tailBits,
      sets,
    });
  }

  #setOutputs(): void {
    this.loops.set('Outputs', {
      facts: this.facts,
      head: this.#wantsHead ? this.head : 0,
      cacheTable: this.#cacheTable,
      headTable: this.#headTable,
      masks: this.#masks,
    });
  }
}
