import { viewOf } from '../core/bytes.ts';
import { PT_LOAD, PT_NOTE } from '../formats/elf.ts';

/** A PT_LOAD of /proc/kcore. */
export interface KcoreSegment {
  readonly virtual: bigint;
  /** Its physical address; undefined if the kernel does not tell (-1). */
  readonly physical: number | undefined;
  readonly size: number;
  /** Position in the file. */
  readonly offset: bigint;
}

/** Disjoint segments by ascending address. */
export type SortedSegments = readonly KcoreSegment[];

/** The segments of /proc/kcore by purpose; the file does not label them. */
export interface KcoreSegments {
  /** RAM through the direct map, by physical address. */
  readonly direct: SortedSegments;
  /** The page array, by virtual address. */
  readonly vmemmap: SortedSegments;
  readonly notes: readonly { readonly offset: bigint; readonly size: number }[];
}

const NO_PADDR = 0xffffffffffffffffn;
/** The segment of the kernel image, and nothing of the direct map or the page array. */
const IMAGE_BASE = 0xffffffff80000000n;
/** The page array takes n/64 of n bytes of RAM; twice that leaves room for larger struct pages. */
const ARRAY_SHARE = 32;
const PHDR = 56;

/**
 * Classifies the segments (fs/proc/kcore.c). Those with a physical address are the direct map, except the kernel image, which
 * arm64 and riscv64 map once more at an address with nothing special about it. Of
 * those without, the page array's are small compared with the RAM that they describe, while vmalloc's is a window of
 * terabytes. Anything else is left to the page tables, which are always right.
 */
export function kcoreSegments(table: Uint8Array, entrySize: number, littleEndian = true): KcoreSegments {
  const view = viewOf(table);
  const loads: KcoreSegment[] = [];
  const notes: { offset: bigint; size: number }[] = [];
  for (let at = 0; entrySize >= PHDR && at + PHDR <= table.length; at += entrySize) {
    const type = view.getUint32(at, littleEndian);
    const offset = view.getBigUint64(at + 8, littleEndian);
    const virtual = view.getBigUint64(at + 16, littleEndian);
    const physical = view.getBigUint64(at + 24, littleEndian);
    const size = Number(view.getBigUint64(at + 32, littleEndian));
    if (type === PT_NOTE) notes.push({ offset, size });
    if (type !== PT_LOAD || size === 0) continue;
    loads.push({ virtual, physical: physical === NO_PADDR ? undefined : Number(physical), size, offset });
  }
  const low = loads.filter((s) => s.virtual < IMAGE_BASE);
  const placed = low.filter((s) => s.physical !== undefined);
  // until 4.13 every segment has 0
  const direct = placed.filter((s) => s.physical === 0).length > 1 ? [] : placed;
  const ram = direct.reduce((sum, s) => sum + s.size, 0);
  return {
    direct: disjoint(direct),
    vmemmap: low
      .filter((s) => s.physical === undefined && s.size <= ram / ARRAY_SHARE)
      .sort((a, b) => (a.virtual < b.virtual ? -1 : 1)),
    notes,
  };
}

/** Segments without the physical memory that a larger one has, too, by ascending physical address. */
function disjoint(segments: readonly KcoreSegment[]): KcoreSegment[] {
  const taken: KcoreSegment[] = [];
  for (const segment of segments.toSorted((a, b) => b.size - a.size)) {
    let start = segment.physical!;
    let end = start + segment.size;
    for (const other of taken) {
      const [from, to] = [other.physical!, other.physical! + other.size];
      if (end <= from || start >= to) continue;
      if (start < from) end = from;
      else start = Math.min(to, end);
    }
    const skipped = BigInt(start - segment.physical!);
    if (start < end)
      taken.push({
        virtual: segment.virtual + skipped,
        physical: start,
        size: end - start,
        offset: segment.offset + skipped,
      });
  }
  return taken.sort((a, b) => a.physical! - b.physical!);
}
