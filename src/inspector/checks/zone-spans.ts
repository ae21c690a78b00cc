import { intersect, type Range, unite } from '../../core/ranges.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { PageLayout } from '../../layout/page-layout.ts';
import type { MemoryModel } from '../../memmap/memory-model.ts';
import { PageReader } from '../../memmap/page-reader.ts';
import type { Zone } from '../../memmap/zones.ts';
import { flagsWord } from './flags-word.ts';

/** Page frames that no zone spans are mostly few; so many ranges of them are looked at, and so many struct pages of each. */
const MOST_RANGES = 64;
const MOST_PAGES = 16;

/**
 * Every page that the kernel manages lies within the span of its zone; struct pages of an online section that none spans are those of
 * holes, which are reserved (init_unavailable_range(), mm/mm_init.c) or zeros. Returns a sentence for each range that says otherwise.
 */
export function checkZoneSpans(
  kernel: Kernel,
  model: MemoryModel,
  layout: PageLayout,
  zones: readonly Zone[],
): string[] {
  if (zones.length === 0) return [];
  const reader = new PageReader(kernel.space, model, 0);
  const out: string[] = [];
  for (const range of spannedByNone(model, zones).slice(0, MOST_RANGES)) {
    const managed = placesIn(range).filter((pfn) => isManaged(reader, layout, pfn));
    if (managed.length === 0) continue;
    out.push(
      `no zone spans page frames ${range.start} to ${range.end - 1}, and the struct page of ${managed[0]} is not that of a hole: which of them are online is not known`,
    );
  }
  return out;
}

/** Page frames of online sections that no zone spans. */
function spannedByNone(model: MemoryModel, zones: readonly Zone[]): Range[] {
  const online = unite(model.sections.list.filter((s) => s.online.length > 0).flatMap((s) => s.pfns));
  const gaps: Range[] = [];
  let at = 0;
  for (const { start, end } of unite(zones.map(({ start, end }) => ({ start, end })))) {
    if (start > at) gaps.push({ start: at, end: start });
    at = end;
  }
  gaps.push({ start: at, end: Number.MAX_SAFE_INTEGER });
  return intersect(online, gaps);
}

/** The first and the last page frame of a range, where a zone may be cut off, and some between them. */
function placesIn({ start, end }: Range): number[] {
  const step = Math.max(1, Math.floor((end - start) / MOST_PAGES));
  const places = new Set([end - 1]);
  for (let pfn = start; pfn < end; pfn += step) places.add(pfn);
  return [...places].sort((a, b) => a - b);
}

function isManaged(reader: PageReader, layout: PageLayout, pfn: number): boolean {
  const { bytes, readable } = reader.read(pfn, 1);
  if (readable === 0 || bytes.subarray(0, layout.size).every((byte) => byte === 0)) return false;
  return !flagsWord(layout, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0).reserved;
}
