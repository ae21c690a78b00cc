import type { Pfn } from '../core/address.ts';
import type { MemoryModel } from '../memmap/memory-model.ts';
import type { Objects } from '../objects/objects.ts';
import { PfnSet } from '../objects/table-tree.ts';
import type { Holding } from './pointers.ts';

const HALF = 2 ** 32;
/** A smaller word is more likely a number than a physical address. */
const LEAST_PHYSICAL = 0x100000;
/** Page table entries have flags above a physical address of at most 52 bits. */
const FRAME_HIGH = 0xfffff;

/** Adjacent struct pages: offset from the first of all, pfn of the first, and their number. */
interface Stretch {
  readonly at: number;
  readonly start: Pfn;
  readonly pages: number;
}

/** The page frames for which words of memory are tested. */
export class Targets {
  readonly #wanted: PfnSet;
  readonly #pageBytes: number;
  readonly #limit: Pfn;
  /** The start of the direct map, as a word in two halves. */
  readonly #mapLow: number;
  readonly #mapHigh: number;
  /** The start of the page array. */
  readonly #arrayLow: number;
  readonly #arrayHigh: number;
  readonly #stretches: readonly Stretch[];
  readonly #structBytes: number;
  readonly #structEnd: number;
  /** The upper halves that physical addresses of targets can have. */
  readonly #physicalHighs: ReadonlySet<number>;
  #last: Stretch | undefined;
  /** The match at which `next` stopped. */
  pfn: Pfn = 0;
  holds: Holding = 'address';
  offset = 0;

  constructor(objects: Objects, model: MemoryModel, pfns: readonly Pfn[]) {
    const { pageSize, wordBytes } = objects.memory.format;
    this.#pageBytes = pageSize;
    this.#structBytes = model.pageSize;
    this.#limit = model.present.at(-1)?.end ?? 0;
    this.#wanted = new PfnSet(this.#limit);
    for (const pfn of pfns) this.#wanted.add(pfn);
    const bits = wordBytes * 8;
    const map = BigInt.asUintN(bits, objects.directMap(0));
    this.#mapLow = Number(map & 0xffffffffn);
    this.#mapHigh = Number(map >> 32n);
    const all = model.present.flatMap((range) => model.stretches(range));
    const first = [...all].sort((a, b) => (a.address < b.address ? -1 : 1))[0]?.address ?? 0n;
    this.#arrayLow = Number(BigInt.asUintN(32, first));
    this.#arrayHigh = Number(BigInt.asUintN(bits, first) >> 32n);
    this.#stretches = all
      .map(({ start, end, address }) => ({ at: Number(address - first), start, pages: end - start }))
      .sort((a, b) => a.at - b.at);
    const last = this.#stretches.at(-1);
    this.#structEnd = last === undefined ? 0 : last.at + last.pages * this.#structBytes;
    this.#physicalHighs = new Set(pfns.map((pfn) => Math.floor((pfn * pageSize) / HALF)));
  }

  /**
   * The index of the first word from `from` on that names a target, in steps of `step` halves; `words.length` if there is
   * none.
   */
  next(words: Uint32Array, from: number, step: number): number {
    const { length } = words;
    const wide = step === 2;
    const mapSpan = this.#limit * this.#pageBytes;
    const mapHighs = Math.floor((this.#mapLow + mapSpan) / HALF);
    const arrayHighs = Math.floor((this.#arrayLow + this.#structEnd) / HALF);
    const [mapHigh, arrayHigh] = [this.#mapHigh, this.#arrayHigh];
    for (let i = from; i + step <= length; i += step) {
      const low = words[i]!;
      const high = wide ? words[i + 1]! : 0;
      if ((low | high) === 0) continue;
      const inMap = high - mapHigh;
      if (inMap >= 0 && inMap <= mapHighs) {
        const at = inMap * HALF + low - this.#mapLow;
        if (at >= 0 && at < mapSpan && this.#isWanted(at, 'address')) return i;
      }
      const inArray = high - arrayHigh;
      if (inArray >= 0 && inArray <= arrayHighs) {
        const at = inArray * HALF + low - this.#arrayLow;
        if (at >= 0 && at < this.#structEnd && this.#isStructPage(at)) return i;
      }
      const frame = high & FRAME_HIGH;
      if (this.#physicalHighs.has(frame)) {
        const at = frame * HALF + low;
        const holds = frame === high ? 'physical address' : 'entry';
        if (at >= LEAST_PHYSICAL && at < mapSpan && this.#isWanted(at, holds)) return i;
      }
    }
    return length;
  }

  #isWanted(at: number, holds: Holding): boolean {
    const pfn = Math.floor(at / this.#pageBytes);
    if (!this.#wanted.has(pfn)) return false;
    this.pfn = pfn;
    this.holds = holds;
    this.offset = at - pfn * this.#pageBytes;
    return true;
  }

  #isStructPage(at: number): boolean {
    const stretch = this.#stretchAt(at);
    if (!stretch) return false;
    const index = Math.floor((at - stretch.at) / this.#structBytes);
    if (index >= stretch.pages || !this.#wanted.has(stretch.start + index)) return false;
    this.pfn = stretch.start + index;
    this.holds = 'struct page';
    this.offset = at - stretch.at - index * this.#structBytes;
    return true;
  }

  /** The last range that starts at or before a place. */
  #stretchAt(at: number): Stretch | undefined {
    const last = this.#last;
    if (last && at >= last.at && at < last.at + last.pages * this.#structBytes) return last;
    let low = 0;
    let high = this.#stretches.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#stretches[middle]!.at <= at) low = middle + 1;
      else high = middle;
    }
    this.#last = this.#stretches[low - 1];
    return this.#last;
  }
}
