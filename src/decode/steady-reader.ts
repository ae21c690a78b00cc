import type { Pfn } from '../core/address.ts';
import type { PageLayout } from '../layout/page-layout.ts';
import type { MemoryModel } from '../memmap/memory-model.ts';
import { PAGE_STATES, PageReader, type RawPages } from '../memmap/page-reader.ts';
import type { AddressSpace } from '../translate/address-space.ts';
import { type FindTears, type Tear, tearFinder } from './tears.ts';

/** Maximum number of times that a range is re-read before it counts as torn. */
const ATTEMPTS = 4;
/** Tears closer together than this are re-read at once. */
const GAP = 256;
const TORN = PAGE_STATES.indexOf('torn');

/**
 * Reads struct pages of memory that changes meanwhile. Where pages of a block contradict each other, it re-reads them, a
 * few times at most. Pages that still do are `torn`.
 */
export class SteadyReader extends PageReader {
  readonly #find: FindTears;

  constructor(space: AddressSpace, model: MemoryModel, layout: PageLayout) {
    super(space, model, 0);
    this.#find = tearFinder(layout, model);
  }

  override read(start: Pfn, count: number, into?: Uint8Array, statesInto?: Uint8Array): RawPages {
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
    return { ...raw, readable: states.reduce((sum, state) => sum + (state === 0 ? 1 : 0), 0) };
  }
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
