import { type PhysAddr, SMALLEST_PAGE } from '../core/address.ts';
import type { PhysicalMemory } from '../sources/image-format.ts';
import type { ScanMeter } from './search.ts';

const CHUNK = 4 * 1024 * 1024;
const ZEROS = Buffer.alloc(CHUNK);

/** A piece of memory for a scan, valid until the next one. */
export interface ScannedChunk {
  readonly address: PhysAddr;
  /** Includes up to `overlap` bytes of the next chunk after `fresh`, so that nothing is cut in two. */
  readonly bytes: Buffer;
  /** Matches that start below this belong to this chunk, later ones to the next. */
  readonly fresh: number;
}

/** All present memory in order. Unreadable pages are skipped. */
export function* scanMemory(
  memory: PhysicalMemory,
  overlap: number,
  meter: ScanMeter,
  progress?: (done: number, total: number) => void,
): Generator<ScannedChunk> {
  const total = memory.runs.reduce((sum, r) => sum + (r.state === 'present' ? r.end - r.start : 0), 0);
  const buffer = Buffer.alloc(CHUNK + overlap);
  for (const run of memory.runs) {
    if (run.state !== 'present') continue;
    for (let at = run.start; at < run.end; ) {
      const wanted = Math.min(buffer.length, run.end - at);
      const got = memory.readInto(at, buffer.subarray(0, wanted));
      const fresh = Math.min(CHUNK, got);
      meter.bytes += fresh;
      meter.blank &&= buffer.subarray(0, fresh).equals(ZEROS.subarray(0, fresh));
      progress?.(meter.bytes, total);
      if (fresh > 0) yield { address: at, bytes: buffer.subarray(0, got), fresh };
      // a damaged page ends the piece
      at =
        got < Math.min(CHUNK, wanted)
          ? (Math.floor((at + got) / SMALLEST_PAGE) + 1) * SMALLEST_PAGE
          : at + fresh;
    }
  }
}
