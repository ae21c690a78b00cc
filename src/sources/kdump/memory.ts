import { BlockCache } from '../block-cache.ts';
import type { PhysicalMemory, PhysicalRun } from '../image-format.ts';
import { lazyRuns } from '../run-list.ts';
import type { PageBitmaps } from './bitmaps.ts';
import type { KdumpPart, PageFault } from './part.ts';

const CACHE = 32 * 1024 * 1024;
/** Maximum number of bad page frames remembered; further ones are found bad each time. */
const MAX_FAULTS = 65536;

/** Page frames that are in none of the available parts, and the message about them. */
export interface Gap {
  readonly start: number;
  readonly end: number;
  readonly why: string;
}

/**
 * The memory of a kdump file, or of the parts of a split one. Blocks are decoded as they are read, each once if reads are
 * in order. `runs` and `runAt` follow the bitmaps; a page found bad when read has its own run.
 */
export function kdumpMemory(
  parts: readonly KdumpPart[],
  bitmaps: PageBitmaps,
  blockSize: number,
  gaps: readonly Gap[],
): PhysicalMemory {
  const cache = new BlockCache(blockSize, CACHE);
  const faults = new Map<number, PageFault>();
  const many = parts.length > 1;
  let lastPart: KdumpPart | undefined;

  function partOf(pfn: number): KdumpPart | undefined {
    if (lastPart && pfn >= lastPart.start && pfn < lastPart.end) return lastPart;
    lastPart = parts.find((p) => pfn >= p.start && pfn < p.end);
    return lastPart;
  }

  function fail(pfn: number, part: KdumpPart | undefined, fault: PageFault): PageFault {
    const named = many && part ? { ...fault, why: `${part.source.name}: ${fault.why}` } : fault;
    if (faults.size < MAX_FAULTS) faults.set(pfn, named);
    return named;
  }

  function load(pfn: number): Uint8Array | PageFault {
    const known = faults.get(pfn);
    if (known) return known;
    const part = partOf(pfn);
    if (!part) {
      const why = gaps.find((g) => pfn >= g.start && pfn < g.end)?.why ?? 'in no part of the dump';
      return { state: 'truncated', why };
    }
    const found = part.find(pfn);
    if ('state' in found) return fail(pfn, part, found);
    // several pages may share one place: all pages of zeros do
    const key = many ? found.offset * parts.length + parts.indexOf(part) : found.offset;
    const cached = cache.get(key);
    if (cached) return cached;
    const block = cache.take();
    const fault = part.load(found, block);
    if (fault) return fail(pfn, part, fault);
    cache.put(key, block);
    return block;
  }

  function runAt(address: number): PhysicalRun {
    const pfn = Math.floor(address / blockSize);
    const around = bitmaps.around(pfn);
    const run = { start: around.start * blockSize, end: around.end * blockSize, state: around.state };
    if (around.state !== 'present') return run;
    const gap = gaps.find((g) => pfn >= g.start && pfn < g.end);
    if (gap) {
      const start = Math.max(around.start, gap.start) * blockSize;
      const end = Math.min(around.end, gap.end) * blockSize;
      return { start, end, state: 'truncated', why: gap.why };
    }
    const block = load(pfn);
    if ('state' in block) return { start: pfn * blockSize, end: (pfn + 1) * blockSize, ...block };
    // gaps next to this range end it
    const start = gaps.reduce((s, g) => (g.end <= pfn ? Math.max(s, g.end) : s), around.start);
    const end = gaps.reduce((e, g) => (g.start > pfn ? Math.min(e, g.start) : e), around.end);
    return { start: start * blockSize, end: end * blockSize, state: 'present' };
  }

  function* runs(): Generator<PhysicalRun> {
    for (const run of bitmaps.runs(blockSize)) {
      if (run.state === 'present') yield* cutGaps(run);
      else yield run;
    }
  }

  function* cutGaps(run: PhysicalRun): Generator<PhysicalRun> {
    let at = run.start;
    for (const gap of gaps) {
      const start = Math.max(at, gap.start * blockSize);
      const end = Math.min(run.end, gap.end * blockSize);
      if (end <= start) continue;
      if (start > at) yield { start: at, end: start, state: 'present' };
      yield { start, end, state: 'truncated', why: gap.why };
      at = end;
    }
    if (at < run.end) yield { start: at, end: run.end, state: 'present' };
  }

  return {
    runs: lazyRuns(runs),
    runAt,
    readInto(address, target) {
      let done = 0;
      while (done < target.length) {
        const at = address + done;
        const pfn = Math.floor(at / blockSize);
        if (bitmaps.state(pfn) !== 'present') break;
        const block = load(pfn);
        if ('state' in block) break;
        const from = at - pfn * blockSize;
        const length = Math.min(blockSize - from, target.length - done);
        target.set(from === 0 && length === blockSize ? block : block.subarray(from, from + length), done);
        done += length;
      }
      return done;
    },
  };
}
