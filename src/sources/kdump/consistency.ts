import { readUpTo } from '../../core/bytes.ts';
import { DESCRIPTOR_SIZE, type Descriptor, faultOf } from './descriptors.ts';
import { INCOMPLETE } from './page-codec.ts';
import type { KdumpPart } from './part.ts';

/** Number of descriptors examined to find the start of page data. */
const SAMPLE = 4096;
/** Number of the lowest offsets that are tried; several, since a descriptor may be damaged. */
const TRIES = 4;

/**
 * Checks the number of pages. A page is found by counting bits, so one wrong bit in a bitmap gives every later page its
 * neighbour's content, and the format has no protection. But writers put page data directly after the last descriptor, so
 * the number of descriptors is known without the bitmap. If they disagree, bits without memory are cleared if that resolves
 * it; otherwise the part is contradictory, and none of its pages is shown.
 */
export function checkConsistency(part: KdumpPart, warnings: string[]): void {
  const candidates = lowestOffsets(part);
  if (candidates.length === 0 || fits(part, candidates)) return;
  const original = part.bitmaps;
  part.bitmaps = original.intersected();
  if (part.count !== countIn(original, part) && fits(part, candidates)) {
    warnings.push(
      `bitmap 2 has ${countIn(original, part) - part.count} pages that bitmap 1 does not have: they were ignored`,
    );
    return;
  }
  part.bitmaps = original;
  part.contradiction = `header, bitmap and page descriptors of the file contradict one another: ${part.count} pages in the bitmap, but page data at offset ${candidates[0]!.offset}`;
  warnings.push(`${part.contradiction}; none of its pages can be trusted`);
}

function countIn(bitmaps: KdumpPart['bitmaps'], part: KdumpPart): number {
  return bitmaps.rank(part.end) - bitmaps.rank(part.start);
}

/** The lowest offsets among the first descriptors; none if the file has no page data. */
function lowestOffsets(part: KdumpPart): Descriptor[] {
  const low: Descriptor[] = [];
  const most = Math.min(part.count, SAMPLE);
  for (let i = 0; i < most; i++) {
    const d = part.descriptor(i);
    if (!d) break;
    if (d.offset === 0 && part.header.status & INCOMPLETE) continue;
    if (faultOf(d, part.header.blockSize, part.tableOffset + DESCRIPTOR_SIZE) !== undefined) continue;
    if (low.some((other) => other.offset === d.offset)) continue;
    low.push(d);
    low.sort((a, b) => a.offset - b.offset);
    if (low.length > TRIES) low.pop();
  }
  return low.filter((d) => d.offset < part.source.byteLength);
}

/** Whether page data starts where the table of that many descriptors ends. */
function fits(part: KdumpPart, candidates: readonly Descriptor[]): boolean {
  // makedumpfile --split reserves room for the descriptors of the whole dump in every part
  const counts = new Set([part.count, part.bitmaps.rank(part.bitmaps.pages)]);
  return [...counts].some((count) => {
    const end = part.tableOffset + count * DESCRIPTOR_SIZE;
    const first = candidates.find((d) => d.offset === end || isZeroPage(part, end, d.offset - end, d.flags));
    if (!first) return false;
    part.dataStart = end;
    part.firstPlace =
      first.offset > end
        ? first.offset
        : isZeroPage(part, end, first.size, first.flags)
          ? end + first.size
          : end;
    return true;
  });
}

function isZeroPage(part: KdumpPart, offset: number, size: number, flags: number): boolean {
  const { blockSize } = part.header;
  if (size <= 0 || size > blockSize) return false;
  if (size === blockSize && readUpTo(part.source, offset, size).every((b) => b === 0)) return true;
  const block = new Uint8Array(blockSize);
  return part.load({ offset, size, flags }, block) === undefined && block.every((b) => b === 0);
}
