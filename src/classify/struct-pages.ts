import type { Pfn } from '../core/address.ts';
import { word } from '../core/address.ts';
import type { PageTypes } from '../layout/page-types.ts';
import { recordOffset } from '../layout/record.ts';
import { BATCH_PAGES } from '../memmap/batches.ts';
import { PAGE_STATES, type RawPages } from '../memmap/page-reader.ts';
import type { Machine } from './claimant.ts';
import type { Claims } from './claims.ts';
import { classCode, UNDECIDED } from './classes.ts';
import { Mappings } from './mappings.ts';

const OK = PAGE_STATES.indexOf('ok');
/** Page types that determine a class, by the kernel's names. */
const TYPED: readonly (readonly [type: string, name: string, subclass?: string])[] = [
  ['slab', 'slab'],
  ['hugetlb', 'hugetlb'],
  ['table', 'page_table', 'typed'],
  ['offline', 'balloon'],
  ['balloon', 'balloon'],
  ['zsmalloc', 'zsmalloc'],
  ['large_kmalloc', 'large_kmalloc'],
  ['unaccepted', 'reserved', 'unaccepted'],
  ['guard', 'reserved', 'guard'],
];
const CODE = {
  buddy: classCode('free_buddy'),
  slab: classCode('slab'),
  hugetlb: classCode('hugetlb'),
  reserved: classCode('reserved'),
  hwpoison: classCode('hwpoison'),
  ksm: classCode('ksm'),
  anon: classCode('anon'),
  thp: classCode('anon', 'thp'),
  mthp: classCode('anon', 'mthp'),
  pagePool: classCode('page_pool'),
  swapCache: classCode('swap_cache'),
  truncated: classCode('unknown', 'truncated'),
  compound: classCode('unknown', 'compound'),
  tail: classCode('unknown', 'tail'),
  unread: classCode('unknown', 'unread'),
  unknown: classCode('unknown'),
  hole: classCode('hole'),
};

/** PP_SIGNATURE: 0x40 in the poison of pointers. */
const POOL_LOW = 0x40;
const POOL_HIGH = 0xdead0000;

/** How to recognise a page type: `(word & mask) === value`. */
interface TypeTest {
  readonly mask: number;
  readonly value: number;
  readonly code: number;
}

/** Flags that determine classes, by the kernel's names; all are among the lowest 32 bits of `flags`. */
const FLAGS = ['slab', 'reserved', 'hwpoison', 'head', 'lru', 'swapcache', 'swapbacked'] as const;

/** Classifies every page by its struct page, and compares the result with earlier claims. */
export class StructPages {
  readonly #machine: Machine;
  readonly #claims: Claims;
  readonly #mappings: Mappings;
  readonly #tests: readonly TypeTest[];
  readonly #buddy: TypeTest | undefined;
  /** A struct page as 32-bit words, and the indices of its members. */
  readonly #words: number;
  readonly #flagsAt: number;
  readonly #typeAt: number;
  readonly #compoundAt: number;
  readonly #refcountAt: number;
  readonly #mappingAt: number;
  readonly #indexAt: number;
  readonly #privateAt: number;
  readonly #poolAt: number | undefined;
  /** The bit of each flag; 0 if this kernel lacks it. */
  readonly #flag: Readonly<Record<(typeof FLAGS)[number], number>>;
  readonly #hugeOrder: number;
  /** The link of the last tail with a pointer, and its head. */
  #linkLow = 0;
  #linkHigh = 0;
  #linked: Pfn | undefined;

  constructor(machine: Machine, claims: Claims) {
    this.#machine = machine;
    this.#claims = claims;
    this.#mappings = new Mappings(machine);
    const { types, offsets, flags, size } = machine.layout;
    this.#tests = TYPED.flatMap(([type, name, subclass]) => testFor(types, type, classCode(name, subclass)));
    [this.#buddy] = testFor(types, 'buddy', CODE.buddy);
    this.#words = size / 4;
    this.#flagsAt = offsets.flags / 4;
    this.#typeAt = offsets.mapcount / 4;
    this.#compoundAt = offsets.compound / 4;
    this.#refcountAt = offsets.refcount / 4;
    this.#mappingAt = offsets.mapping / 4;
    this.#indexAt = offsets.index / 4;
    this.#privateAt = offsets.private / 4;
    const magic = poolMagic(machine);
    this.#poolAt = magic === undefined ? undefined : magic / 4;
    this.#flag = Object.fromEntries(FLAGS.map((name) => [name, maskOf(flags.bits.get(name))])) as Record<
      (typeof FLAGS)[number],
      number
    >;
    const { levels } = machine.objects.memory.space.walker.tables.mode;
    this.#hugeOrder = levels.at(-1)!.bits;
  }

  /** Decides every page of the array. */
  run(): void {
    const { reader, model, limit } = this.#machine;
    const { codes } = this.#claims;
    const buffer = reader.buffer(BATCH_PAGES);
    let behind = 0;
    for (const { start, end } of model.present) {
      fillUndecided(codes, behind, start, CODE.hole);
      for (let at = start; at < end; ) {
        const stop = Math.min(end, (Math.floor(at / BATCH_PAGES) + 1) * BATCH_PAGES);
        this.#batch(reader.read(at, stop - at, buffer.subarray(0, (stop - at) * reader.recordSize)));
        at = stop;
      }
      behind = end;
    }
    fillUndecided(codes, behind, limit, CODE.hole);
  }

  #batch(raw: RawPages): void {
    const { limit } = this.#machine;
    const { codes } = this.#claims;
    const words = new Uint32Array(raw.bytes.buffer, raw.bytes.byteOffset, raw.count * this.#words);
    const buddy = this.#buddy;
    for (let i = 0; i < raw.count; i++) {
      const pfn = raw.start + i;
      const at = i * this.#words;
      let code: number;
      if (raw.states[i] !== OK) code = CODE.unread;
      else if (buddy && (words[at + this.#typeAt]! & buddy.mask) === buddy.value) {
        const order = words[at + this.#privateAt]!;
        const end = Math.min(limit, pfn + (order < 32 ? 2 ** order : 1));
        // pages of a free block tell nothing; if they are claimed nevertheless, that is a conflict
        for (let free = pfn; free < end; free++) this.#put(codes, free, CODE.buddy);
        i += end - pfn - 1;
        continue;
      } else code = this.#codeOf(words, at, pfn);
      this.#put(codes, pfn, code);
    }
  }

  #put(codes: Uint8Array, pfn: Pfn, code: number): void {
    const before = codes[pfn]!;
    if (before === UNDECIDED) codes[pfn] = code;
    else if (before !== code && code < CODE.truncated) codes[pfn] = this.#claims.decide(pfn, before, code);
  }

  /** The class of a page by its struct page and that of its head. */
  #codeOf(words: Uint32Array, at: number, pfn: Pfn): number {
    const low = words[at + this.#flagsAt]!;
    const type = words[at + this.#typeAt]! | 0;
    if ((words[at + this.#compoundAt]! & 1) === 1) {
      if ((low & this.#flag.hwpoison) !== 0) return CODE.hwpoison;
      const head = this.#linkedHead(words, at, pfn);
      return head === undefined ? CODE.unknown : (this.#claims.codes[head] ?? CODE.unknown);
    }
    if ((low & this.#flag.slab) !== 0) return CODE.slab;
    if (type < -1) for (const test of this.#tests) if ((type & test.mask) === test.value) return test.code;
    if ((low & this.#flag.reserved) !== 0) return CODE.reserved;
    if ((low & this.#flag.hwpoison) !== 0) return CODE.hwpoison;
    const head = (low & this.#flag.head) !== 0;
    if (head && this.#isHugetlb(words, at)) return CODE.hugetlb;
    return this.#byMapping(words, at, pfn, low, head);
  }

  /** The head of a tail. The tails of a folio are adjacent and have the same pointer, so it is followed once. */
  #linkedHead(words: Uint32Array, at: number, pfn: Pfn): Pfn | undefined {
    const low = words[at + this.#compoundAt]!;
    const high = words[at + this.#compoundAt + 1]!;
    if (low === this.#linkLow && high === this.#linkHigh) return this.#linked;
    const head = this.#machine.compounds.headOf(words, at, pfn);
    // a mask gives each folio its own head
    if (this.#machine.layout.tailMayBeMask && high === 0xffffffff) return head;
    this.#linkLow = low;
    this.#linkHigh = high;
    this.#linked = head;
    return head;
  }

  #byMapping(words: Uint32Array, at: number, pfn: Pfn, low: number, head: boolean): number {
    const refcount = words[at + this.#refcountAt]! | 0;
    const mappingLow = words[at + this.#mappingAt]!;
    const mappingHigh = words[at + this.#mappingAt + 1]!;
    const pool = this.#poolAt;
    // the two lowest bits are flags; POISON_POINTER_DELTA of 64-bit machines
    if (pool !== undefined && words[at + pool + 1] === POOL_HIGH && (words[at + pool]! & ~3) === POOL_LOW) {
      return CODE.pagePool;
    }
    if (refcount === 0) return head ? CODE.compound : CODE.tail;
    const kind = mappingLow & 3;
    const lru = (low & this.#flag.lru) !== 0;
    const swapbacked = (low & this.#flag.swapbacked) !== 0;
    if (kind === 3) return CODE.ksm;
    if (kind === 1) {
      const order = head ? this.#machine.compounds.orderOf(words, at) : 0;
      return order === 0 ? CODE.anon : order === this.#hugeOrder ? CODE.thp : CODE.mthp;
    }
    if (mappingLow === 0 && mappingHigh === 0) {
      if (swapbacked && (low & this.#flag.swapcache) !== 0) return CODE.swapCache;
      return lru ? CODE.truncated : head ? CODE.compound : CODE.unknown;
    }
    const mapping = word(mappingLow, mappingHigh);
    if (kind === 2) return this.#mappings.movable(mapping & ~3n) ?? CODE.unknown;
    const index = words[at + this.#indexAt]! + words[at + this.#indexAt + 1]! * 4294967296;
    return (
      this.#mappings.file(mapping, index, pfn, { lru, head, swapbacked }) ??
      (head ? CODE.compound : CODE.unknown)
    );
  }

  #isHugetlb(words: Uint32Array, at: number): boolean {
    const { hugetlb } = this.#machine.layout;
    const next = at + this.#words;
    if (hugetlb.kind === 'type' || next + this.#words > words.length) return false;
    if (hugetlb.kind === 'flag') return (words[next + this.#flagsAt]! & maskOf(hugetlb.bit)) !== 0;
    const byte = at * 4 + hugetlb.offset;
    const bytes = new Uint8Array(words.buffer, words.byteOffset + byte, hugetlb.size);
    return bytes[0] === hugetlb.value;
  }

  /** The first problem with an address_space, if any. */
  get mappings(): Mappings {
    return this.#mappings;
  }
}

/** Where page pools mark their pages within a record: in struct page, since 6.17 in a struct that overlays it. */
function poolMagic({ objects }: Machine): number | undefined {
  const page = objects.struct('page');
  const holder = page.has('pp_magic') ? page : objects.find('netmem_desc');
  if (!holder?.has('pp_magic')) return undefined;
  const { offset, size } = holder.place('pp_magic');
  return recordOffset(offset, size, objects.kernel.architecture);
}

/** A flag as a mask over the low half of `flags`. */
function maskOf(bit: number | undefined): number {
  return bit === undefined || bit > 31 ? 0 : 1 << bit;
}

function testFor(types: PageTypes, name: string, code: number): TypeTest[] {
  const found = types.values.find((t) => t.name === name);
  if (!found) return [];
  const { value } = found;
  if (types.encoding === 'byte') return [{ mask: 0xff000000 | 0, value: (value << 24) | 0, code }];
  if (types.encoding === 'exact') return [{ mask: -1, value: value | 0, code }];
  return [{ mask: types.base | value | 0, value: types.base | 0, code }];
}

function fillUndecided(codes: Uint8Array, start: Pfn, end: Pfn, code: number): void {
  for (let pfn = start; pfn < end; pfn++) if (codes[pfn] === UNDECIDED) codes[pfn] = code;
}
