import type { Pfn } from '../core/address.ts';
import type { Range } from '../core/ranges.ts';
import type { PageLayout } from '../layout/page-layout.ts';
import { LiveModel } from '../memmap/live-model.ts';
import type { MemoryModel } from '../memmap/memory-model.ts';
import { PAGE_STATES, PageReader, type RawPages } from '../memmap/page-reader.ts';
import type { AddressSpace } from '../translate/address-space.ts';
import { type FindTears, type Tear, tearFinder } from './tears.ts';

/** Maximum number of times that a range, or a batch whose memory comes or goes, is re-read before it counts as torn. */
const ATTEMPTS = 4;
/** Tears closer together than this are re-read at once. */
const GAP = 256;
const TORN = PAGE_STATES.indexOf('torn');

/**
 * Reads struct pages of memory that changes meanwhile. Where pages of a block contradict each other, it re-reads them, and where
 * the sections or the page tables of a batch have changed, it re-reads the batch, a few times at most. Pages that still do are `torn`.
 */
export class SteadyReader extends PageReader {
  readonly #find: FindTears;
  readonly #live: LiveModel | undefined;

  constructor(space: AddressSpace, model: MemoryModel, layout: PageLayout) {
    super(space, model, 0);
    this.#find = tearFinder(layout, model);
    this.#live = model instanceof LiveModel ? model : undefined;
  }

  override read(start: Pfn, count: number, into?: Uint8Array, statesInto?: Uint8Array): RawPages {
    const live = this.#live;
    if (!live) return this.#readSteady(start, count, into, statesInto);
    const range = { start, end: start + count };
    for (let attempt = 0; ; attempt++) {
      const before = live.look(range);
      const raw = this.#readSteady(start, count, into, statesInto);
      const moved = live.moved(range, before, live.look(range));
      if (moved.length === 0) return raw;
      if (attempt === ATTEMPTS) return torn(raw, moved);
    }
  }

  #readSteady(start: Pfn, count: number, into?: Uint8Array, statesInto?: Uint8Array): RawPages {
    const raw = super.read(start, count, into, statesInto);
    const { bytes, states } = raw;
    const find = (): Tear[] => this.#find(start, bytes, states);
    let tears = find();
    for (let attempt = 0; attempt < ATTEMPTS && tears.length > 0; attempt++) {
      const size = this.recordSize;
      for (const { start: from, end } of joined(tears)) {
        const again = super.read(start + from, end - from, bytes.subarray(from * size, end * size));
        states.set(again.states, from);
      }
      tears = find();
    }
    for (const { doubt } of tears) {
      for (let i = doubt.start; i < doubt.end; i++) if (states[i] === 0) states[i] = TORN;
    }
    return { ...raw, readable: readableOf(states) };
  }
}

/** What was read, without the pages of some ranges. */
function torn(raw: RawPages, ranges: readonly Range[]): RawPages {
  const { start, states } = raw;
  for (const range of ranges) states.fill(TORN, range.start - start, range.end - start);
  return { ...raw, readable: readableOf(states) };
}

function readableOf(states: Uint8Array): number {
  return states.reduce((sum, state) => sum + (state === 0 ? 1 : 0), 0);
}

/** The ranges to re-read, in the order of the tears. */
function joined(tears: readonly Tear[]): { start: number; end: number }[] {
  const out: { start: number; end: number }[] = [];
  for (const { read } of [...tears].sort((a, b) => a.read.start - b.read.start)) {
    const last = out.at(-1);
    if (last && read.start <= last.end + GAP) last.end = Math.max(last.end, read.end);
    else out.push({ ...read });
  }
  return out;
}
