import { readFileSync } from 'node:fs';

/** An address in the memory of the loops. */
export type Address = number;

/** What the loops ask of the host while they run. */
export interface LoopHost {
  /** Puts the two struct pages at the head of a folio to where `setBatch` said; 1 if both could be read. */
  readHead(pfn: number): number;
  /** The pfn whose struct page is at an address; negative if it is none. */
  pfnOf(low: number, high: number): number;
  /** The code of the slab cache at an address. */
  slabCache(low: number, high: number): number;
  /** Makes the text of a set of flags of a column; returns the address of its entry. */
  setText(column: number, low: number, high: number): Address;
}

/** The functions of loops.wasm; src/loops/assembly has what each does. Bits of 64-bit words are bigints. */
export interface LoopExports {
  readonly rowsDone: { readonly value: number };
  setBatch(raw: Address, states: Address, outside: Address): void;
  setMembers(
    size: number,
    sizeLog: number,
    flags: number,
    compound: number,
    mapcount: number,
    refcount: number,
    privateWord: number,
    mapping: number,
    slabCache: number,
  ): void;
  setFolios(
    headMask: number,
    slabMask: number,
    tailMayBeMask: number,
    base: bigint,
    orderByte: number,
    hugetlbBy: number,
    hugetlbAt: number,
    hugetlbValue: number,
    movableByMapping: number,
  ): void;
  setTypes(
    byByte: number,
    table: Address,
    rules: Address,
    ruleCount: number,
    typedBelow: number,
    buddy: number,
    slab: number,
    hugetlb: number,
    mayBeMovable: Address,
  ): void;
  setOutputs(facts: Address, head: Address, cacheTable: Address): void;
  setAliases(
    rules: Address,
    count: number,
    bits: number,
    flags: bigint,
    tailFlags: bigint,
    sets: Address,
  ): void;
  setMasks(at: Address): void;
  folios(start: number, count: number): void;
  forgetFolio(): void;
  flagSets(count: number): void;
  ramp(to: Address, count: number, first: bigint, step: bigint): void;
  sections(to: Address, count: number, start: number, perSection: number): void;
  splitWords(from: Address, stride: number, count: number, low: Address, high: Address): void;
  gather8(from: Address, stride: number, count: number, to: Address): void;
  gather16(from: Address, stride: number, count: number, to: Address): void;
  gather32(from: Address, stride: number, count: number, to: Address): void;
  gatherField(from: Address, stride: number, count: number, shift: number, mask: number, to: Address): void;
  gatherMapcounts(from: Address, stride: number, count: number, to: Address, empty: Address): void;
  maskedEqual(from: Address, stride: number, count: number, mask: bigint, value: bigint, to: Address): void;
  mayHaveBits(from: Address, stride: number, count: number, mask: bigint): number;
  fieldWithin(
    from: Address,
    stride: number,
    count: number,
    shift: number,
    mask: bigint,
    low: bigint,
    high: bigint,
    negate: number,
    to: Address,
  ): void;
  intWithin(
    from: Address,
    stride: number,
    count: number,
    low: bigint,
    high: bigint,
    typed: number,
    negate: number,
    to: Address,
  ): void;
  doubleWithin(from: Address, count: number, low: number, high: number, negate: number, to: Address): void;
  byteWithin(
    from: Address,
    stride: number,
    count: number,
    low: number,
    high: number,
    empty: number,
    negate: number,
    to: Address,
  ): void;
  codeEquals(from: Address, stride: number, count: number, value: number, negate: number, to: Address): void;
  typedWords(from: Address, stride: number, count: number, to: Address): void;
  fillBits(count: number, value: number, to: Address): void;
  andBits(into: Address, other: Address, count: number): void;
  orBits(into: Address, other: Address, count: number): void;
  notBits(into: Address, count: number): void;
  countBits(from: Address, count: number): number;
  pickRows(
    bits: Address,
    states: Address,
    start: number,
    end: number,
    unreadable: number,
    limit: number,
    to: Address,
  ): number;
  countStates(states: Address, start: number, end: number, to: Address): void;
  setSummary(
    classes: Address,
    zones: Address,
    folios: Address,
    caches: Address,
    kinds: Address,
    bits: Address,
    zoneShift: number,
    zoneMask: number,
    reservedBit: number,
  ): void;
  summarize(rows: Address, first: number, count: number): void;
  summarizeAll(start: number, count: number): void;
  flushKinds(): void;
  setStyle(
    columns: Address,
    count: number,
    quote: number,
    empty: Address,
    emptyBytes: number,
    end: Address,
    endBytes: number,
    rowMask: Address,
  ): void;
  encode(rows: Address, first: number, count: number, states: Address, to: Address, limit: Address): Address;
}

const WASM_PAGE = 65536;
/** Address space of an instance, as scripts/build.mjs says it; what is not touched costs no memory. */
const MEMORY_PAGES = 640;
/** The first bytes are the module's own. */
const FIRST_FREE = WASM_PAGE;

/** dist/ of this package, seen from src/ and from dist/ alike. */
const WASM: URL = new URL('../../dist/loops/loops.wasm', import.meta.url);
let compiled: WebAssembly.Module | undefined;

/**
 * One instance of the loops with memory of its own, which is handed out once and never taken back. Other threads can be
 * given arrays of it.
 */
export class Loops {
  readonly run: LoopExports;
  readonly #memory: WebAssembly.Memory;
  #next = FIRST_FREE;

  constructor(host: LoopHost) {
    compiled ??= new WebAssembly.Module(readFileSync(WASM));
    this.#memory = new WebAssembly.Memory({ initial: MEMORY_PAGES, maximum: MEMORY_PAGES, shared: true });
    const instance = new WebAssembly.Instance(compiled, {
      env: { memory: this.#memory, abort: aborted },
      host: {
        readHead: (pfn) => host.readHead(pfn),
        pfnOf: (low, high) => host.pfnOf(low, high),
        slabCache: (low, high) => host.slabCache(low, high),
        setText: (column, low, high) => host.setText(column, low, high),
      },
    });
    this.run = instance.exports as LoopExports;
  }

  /** Memory for `bytes`, with room behind it for what is written in words. It is zero. */
  allocate(bytes: number): Address {
    const at = this.#next;
    this.#next = (at + bytes + 64 + 63) & ~63;
    if (this.#next > MEMORY_PAGES * WASM_PAGE) {
      throw new Error(`the memory of the loops of ${MEMORY_PAGES * WASM_PAGE} bytes is used up`);
    }
    return at;
  }

  bytes(at: Address, length: number): Uint8Array {
    return new Uint8Array(this.#memory.buffer, at, length);
  }

  words(at: Address, length: number): Uint32Array {
    return new Uint32Array(this.#memory.buffer, at, length);
  }

  shorts(at: Address, length: number): Uint16Array {
    return new Uint16Array(this.#memory.buffer, at, length);
  }

  ints(at: Address, length: number): Int32Array {
    return new Int32Array(this.#memory.buffer, at, length);
  }

  longs(at: Address, length: number): BigUint64Array {
    return new BigUint64Array(this.#memory.buffer, at, length);
  }

  doubles(at: Address, length: number): Float64Array {
    return new Float64Array(this.#memory.buffer, at, length);
  }

  /** Whether these bytes are in this instance's memory. */
  holds(bytes: Uint8Array): boolean {
    return bytes.buffer === this.#memory.buffer;
  }
}

function aborted(): never {
  throw new Error('a kernel aborted');
}
