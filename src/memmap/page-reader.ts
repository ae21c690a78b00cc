import type { Pfn, PhysAddr, VirtAddr } from '../core/address.ts';
import type { DataModel } from '../core/data-model.ts';
import type { FaultReason } from '../core/errors.ts';
import { intersect, locate, type Range } from '../core/ranges.ts';
import { recordSize, swapRecords, widenRecords } from '../layout/record.ts';
import type { AddressSpace } from '../translate/address-space.ts';
import type { MemoryModel } from './memory-model.ts';
import { PageLines } from './page-lines.ts';

/** The outcome of reading a struct page; the index is the number in `RawPages.states`. */
export const PAGE_STATES = [
  'ok',
  'absent',
  'hole',
  'excluded',
  'truncated',
  'damaged',
  'unreadable',
  'not-mapped',
  'torn',
  'doubtful',
] as const;
/**
 * `absent`: this pfn has no struct page. The others except `ok`: it has one that cannot be read, with the reason. On a
 * running machine, `torn` pages kept contradicting their neighbours, and `doubtful` pages are zeros that may stand for
 * unreadable memory.
 */
export type PageState = (typeof PAGE_STATES)[number];

const OK = 0;
const ABSENT = 1;
const DOUBTFUL = 9;
const CODES = new Map<FaultReason, number>(PAGE_STATES.map((s, i) => [s as FaultReason, i]));

/** Consecutive struct pages, as records of little-endian 64-bit words (src/layout/record.ts). */
export interface RawPages {
  readonly start: Pfn;
  readonly count: number;
  /** count * recordSize bytes; meaningless for pages that are not `ok`. */
  readonly bytes: Uint8Array;
  /** An index into PAGE_STATES for each page. */
  readonly states: Uint8Array;
  /** Number of `ok` pages. */
  readonly readable: number;
}

/** The reason why struct pages could not be read, if it says more than their state. */
export interface Trouble {
  readonly state: PageState;
  /** For example a place in a file, or a missing part. */
  readonly why: string;
  /** The first pfn affected. */
  readonly pfn: Pfn;
}

/** Maximum number of distinct troubles kept. */
const MOST_TROUBLES = 100;

/** Reads struct pages in bulk, directly from the source where possible, otherwise through the page tables. */
export class PageReader {
  readonly model: MemoryModel;
  readonly #space: AddressSpace;
  /** Troubles so far, each once. */
  readonly troubles: Map<string, Trouble> = new Map();
  /** Size of the record of a struct page, in bytes. */
  readonly recordSize: number;
  readonly #lines: PageLines | undefined;
  readonly #data: DataModel;
  /** Buffer for 32-bit words before they are widened. */
  #narrow: Uint8Array = new Uint8Array(0);
  /** Whether memory does not change, so that nothing needs to be read twice. */
  readonly isSteady: boolean;
  readonly #distrusted: readonly Range[];
  /** Whether some page of the current read could not be read. */
  #marked = false;

  /** `ahead` is the number of pages for which large reads walk the page tables at once; 0 if page tables may change. */
  constructor(space: AddressSpace, model: MemoryModel, ahead: number = AHEAD) {
    this.#space = space;
    this.model = model;
    this.#distrusted = model.sections.distrusted ?? [];
    this.#data = space.model;
    this.recordSize = recordSize(model.pageSize, this.#data);
    this.isSteady = ahead > 0;
    this.#lines = ahead > 0 ? new PageLines(space, model, ahead) : undefined;
  }

  /** A reusable buffer for up to `count` pages, aligned to 4 bytes. */
  buffer(count: number): Uint8Array {
    return new Uint8Array(count * this.recordSize);
  }

  /**
   * Reads `count` struct pages from `start` on, into `into` and `states` if given, which are overwritten. `areOk` means
   * that all of `states` is `ok` now.
   */
  read(
    start: Pfn,
    count: number,
    into?: Uint8Array,
    states: Uint8Array = new Uint8Array(count),
    areOk = false,
  ): RawPages {
    const length = count * this.recordSize;
    const bytes =
      into === undefined ? this.buffer(count) : into.length === length ? into : into.subarray(0, length);
    const { wordBytes, littleEndian } = this.#data;
    if (wordBytes === 8) {
      const readable = this.#readMemory(start, count, bytes, states, areOk);
      if (!littleEndian) swapRecords(bytes);
      return { start, count, bytes, states, readable };
    }
    if (this.#narrow.length < length / 2) this.#narrow = new Uint8Array(length / 2);
    const narrow = this.#narrow.subarray(0, length / 2);
    const readable = this.#readMemory(start, count, narrow, states, areOk);
    widenRecords(narrow, bytes, littleEndian);
    return { start, count, bytes, states, readable };
  }

  /** Reads struct pages in their original form and returns the number of readable ones. */
  #readMemory(start: Pfn, count: number, bytes: Uint8Array, states: Uint8Array, areOk: boolean): number {
    const size = this.model.pageSize;
    const distrusted = intersect(this.#distrusted, [{ start, end: start + count }]);
    if (
      count >= MANY &&
      distrusted.length === 0 &&
      this.#lines &&
      this.#readLines(this.#lines, start, bytes)
    ) {
      if (!areOk) states.fill(OK, 0, count);
      return count;
    }
    const stretches = this.model.stretches({ start, end: start + count });
    let readable = stretches.reduce((sum, s) => sum + s.end - s.start, 0);
    if (readable < count) states.fill(ABSENT);
    this.#marked = false;
    for (const stretch of stretches) {
      const first = stretch.start - start;
      const length = stretch.end - stretch.start;
      states.fill(OK, first, first + length);
      this.#fill(
        stretch.address,
        bytes.subarray(first * size, (first + length) * size),
        states,
        first,
        start,
      );
    }
    for (const range of distrusted) {
      for (let i = range.start - start; i < range.end - start; i++)
        if (states[i] === OK) states[i] = DOUBTFUL;
      this.#marked = true;
    }
    if (this.#marked) readable = states.reduce((sum, state) => sum + (state === OK ? 1 : 0), 0);
    return readable;
  }

  /** Tells where the page array is and how much of it can be read, from page tables and the image's own index alone. */
  survey(): {
    readonly states: Record<PageState, number>;
    readonly places: { start: Pfn; pfns: number; physical: PhysAddr | undefined }[];
  } {
    const size = this.model.pageSize;
    const states = Object.fromEntries(PAGE_STATES.map((s) => [s, 0])) as Record<PageState, number>;
    const places: { start: Pfn; pfns: number; physical: PhysAddr | undefined }[] = [];
    for (const stretch of this.model.stretches({ start: 0, end: Number.MAX_SAFE_INTEGER })) {
      const length = (stretch.end - stretch.start) * size;
      for (const { offset, length: bytes, physical, reason } of this.#space.walker.mappedRuns(
        stretch.address,
        length,
      )) {
        const start = stretch.start + Math.floor(offset / size);
        places.push({ start, pfns: bytes / size, physical });
        if (physical === undefined) {
          states[(reason ?? 'not-mapped') as PageState] += bytes / size;
          continue;
        }
        for (let at = 0; at < bytes; ) {
          const there = this.#space.memory.runAt(physical + at);
          const part = Math.min(bytes - at, there.end - physical - at);
          states[there.state === 'present' ? 'ok' : there.state] += part / size;
          at += part;
        }
      }
    }
    for (const state of PAGE_STATES) states[state] = Math.round(states[state]);
    return { states, places };
  }

  /** Reads pages whose places are all known; returns false if one is not, or could not be read. */
  #readLines(lines: PageLines, start: Pfn, bytes: Uint8Array): boolean {
    const size = this.model.pageSize;
    for (let done = 0; done < bytes.length; ) {
      const pfn = start + done / size;
      const line = lines.at(pfn);
      if (!line) return false;
      const length = Math.min(bytes.length - done, (line.end - pfn) * size);
      const part = length === bytes.length ? bytes : bytes.subarray(done, done + length);
      if (this.#space.memory.readInto(line.physical + (pfn - line.start) * size, part) < length) return false;
      done += length;
    }
    return true;
  }

  #fill(address: VirtAddr, target: Uint8Array, states: Uint8Array, first: number, start: Pfn): void {
    const done = this.#space.direct(address, target);
    if (done > 0 && this.#space.zeroFills)
      this.#doubtZeros(address, target.subarray(0, done), states, first, start);
    if (done < target.length) this.#walk(address, target, done, states, first);
  }

  /**
   * A struct page of online memory is never all zero: its mapcount of -1, its type, or the link of a tail is not. Zeros
   * from a source that returns zeros for unreadable memory are therefore read again through the page tables; pages that are
   * still zero are unreadable. Memory that was never online may have struct pages of zeros, which are doubtful.
   */
  #doubtZeros(address: VirtAddr, target: Uint8Array, states: Uint8Array, first: number, start: Pfn): void {
    const size = this.model.pageSize;
    for (let at = 0; at + size <= target.length; ) {
      if (!isZero(target, at, size)) {
        at += size;
        continue;
      }
      let end = at + size;
      while (end + size <= target.length && isZero(target, end, size)) end += size;
      const page = first + at / size;
      this.#walk(address + BigInt(at), target.subarray(at, end), 0, states, page);
      for (let i = at; i < end; i += size) {
        const state = first + i / size;
        if (states[state] !== OK || !isZero(target, i, size)) continue;
        states[state] = CODES.get(this.#isOnline(start + state) ? 'unreadable' : 'doubtful')!;
        this.#marked = true;
      }
      at = end;
    }
  }

  #isOnline(pfn: Pfn): boolean {
    const { online } = this.model;
    const range = online[locate(online, pfn)];
    return range !== undefined && range.start <= pfn;
  }

  #note(state: PageState, why: string, address: VirtAddr): void {
    if (this.troubles.has(why) || this.troubles.size >= MOST_TROUBLES) return;
    this.troubles.set(why, { state, why, pfn: this.model.pfnOf(address) ?? 0 });
  }

  /** Fills `target` from byte `from` on through the page tables; `first` is the page at target[0]. */
  #walk(address: VirtAddr, target: Uint8Array, from: number, states: Uint8Array, first: number): void {
    const size = this.model.pageSize;
    const mark = (start: number, end: number, reason: FaultReason): void => {
      const code = CODES.get(reason)!;
      this.#marked = true;
      states.fill(code, first + Math.floor(start / size), first + Math.ceil(end / size));
    };
    const runs = this.#space.walker.mappedRuns(address + BigInt(from), target.length - from);
    for (const run of runs) {
      const start = from + run.offset;
      const to = start + run.length;
      if (run.physical === undefined) {
        mark(start, to, run.reason ?? 'not-mapped');
        continue;
      }
      for (let at = start; at < to; ) {
        const physical = run.physical + (at - start);
        const got = this.#space.memory.readInto(physical, target.subarray(at, to));
        at += got;
        if (at >= to) break;
        const bad = this.#space.memory.runAt(physical + got);
        const until = Math.min(to, at + (bad.end - (physical + got)));
        const state = bad.state === 'present' ? 'unreadable' : bad.state;
        mark(at, until, state);
        if (bad.why !== undefined) this.#note(state, bad.why, address + BigInt(at));
        at = Math.max(until, at + 1);
      }
    }
  }
}

/** The number of pages for which page tables are walked at once, and the minimum for which this pays. */
const AHEAD = 262144;
const MANY = 2048;

function isZero(bytes: Uint8Array, start: number, length: number): boolean {
  for (let i = start; i < start + length; i++) if (bytes[i] !== 0) return false;
  return true;
}
