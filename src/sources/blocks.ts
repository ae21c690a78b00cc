import { BlockCache } from './block-cache.ts';
import { type Extents, locateExtent } from './extents.ts';
import type { Missing, PhysicalMemory, PhysicalRun } from './image-format.ts';
import { lazyRuns } from './run-list.ts';

const CACHE = 32 * 1024 * 1024;

/** Why a block is not available. */
export interface BlockFault {
  readonly state: Missing;
  readonly why: string;
}

/** Physical memory in separately compressed blocks. */
export interface Blocks {
  /** The places of the blocks in memory, sorted; `places` is passed to `load`. */
  readonly extents: Extents;
  readonly largest: number;
  /** Decompresses a block into `target`, which has its length. */
  load(place: number, target: Uint8Array): BlockFault | undefined;
  /** A range that the file once had, but that is missing from it. */
  readonly lost?: { readonly start: number; readonly end: number } & BlockFault;
}

/** Memory that is decompressed as it is read; each block once if reads are in order. */
export function blocksMemory({ extents, largest, load, lost }: Blocks): PhysicalMemory {
  const { count, starts, lengths, places } = extents;
  const cache = new BlockCache(largest, CACHE);

  function blockAt(address: number): number {
    const index = locateExtent(extents, address);
    return index >= 0 && address < starts[index]! + lengths[index]! ? index : -1;
  }

  function get(index: number): Uint8Array | BlockFault {
    const length = lengths[index]!;
    const cached = cache.get(index);
    if (cached) return cached.subarray(0, length);
    const block = cache.take();
    const fault = load(places[index]!, block.subarray(0, length));
    if (fault) return fault;
    cache.put(index, block);
    return block.subarray(0, length);
  }

  function* runs(): Generator<PhysicalRun> {
    let pending: { start: number; end: number } | undefined;
    for (let i = 0; i < count; i++) {
      const start = starts[i]!;
      const end = start + lengths[i]!;
      if (pending && pending.end === start) pending.end = end;
      else {
        if (pending) yield { ...pending, state: 'present' };
        pending = { start, end };
      }
    }
    if (pending) yield { ...pending, state: 'present' };
    if (lost && lost.start >= (pending?.end ?? 0)) yield lost;
  }

  return {
    runs: lazyRuns(runs),
    readInto(address, target) {
      let done = 0;
      while (done < target.length) {
        const index = blockAt(address + done);
        if (index < 0) break;
        const block = get(index);
        if ('state' in block) break;
        const from = address + done - starts[index]!;
        const part = block.subarray(from, from + target.length - done);
        target.set(part, done);
        done += part.length;
      }
      return done;
    },
    runAt(address) {
      const index = locateExtent(extents, address);
      if (index >= 0 && address < starts[index]! + lengths[index]!) {
        const run = { start: starts[index]!, end: starts[index]! + lengths[index]! };
        const block = get(index);
        return 'state' in block ? { ...run, ...block } : { ...run, state: 'present' };
      }
      if (lost && address >= lost.start && address < lost.end) return lost;
      const start = index < 0 ? 0 : starts[index]! + lengths[index]!;
      const end = index + 1 < count ? starts[index + 1]! : Infinity;
      if (!lost || lost.end <= start || lost.start >= end) return { start, end, state: 'hole' };
      return address < lost.start
        ? { start, end: lost.start, state: 'hole' }
        : { start: lost.end, end, state: 'hole' };
    },
  };
}
