import { viewOf } from '../core/bytes.ts';
import { PT_LOAD, PT_NOTE } from '../formats/elf.ts';

/** A PT_LOAD of /proc/kcore. */
export interface KcoreSegment {
  readonly virtual: bigint;
  /** Where it is in physical memory; undefined where the kernel does not say (-1). */
  readonly physical: number | undefined;
  readonly size: number;
  /** Position in the file. */
  readonly offset: bigint;
}

/** Disjoint, by rising address. */
export type SortedSegments = readonly KcoreSegment[];

/** What the segments of /proc/kcore are for; the file does not label them. */
export interface KcoreSegments {
  /** RAM through the direct map, by physical address. */
  readonly direct: SortedSegments;
  /** The page array, by virtual address. */
  readonly vmemmap: SortedSegments;
  readonly notes: readonly { readonly offset: bigint; readonly size: number }[];
}

const NO_PADDR = 0xffffffffffffffffn;
/** Where the kernel's own image is mapped, and nothing of the direct map or the page array. */
const IMAGE_BASE = 0xffffffff80000000n;
/** Of n bytes of RAM the page array takes n/64; twice that leaves room for larger struct pages. */
const ARRAY_SHARE = 32;
const PHDR = 56;

/**
 * Tells the segments apart by what they say (fs/proc/kcore.c): those with a physical address are the direct map, unless they are
 * the kernel's image; of those without one the page array's are small beside the RAM that they describe, while
 * vmalloc's is a window of terabytes. What cannot be told is left to the page tables, which are always right.
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
  // until 4.13 every segment says 0
  const direct = placed.filter((s) => s.physical === 0).length > 1 ? [] : placed;
  const ram = direct.reduce((sum, s) => sum + s.size, 0);
  return {
    direct: direct.sort((a, b) => a.physical! - b.physical!),
    vmemmap: low
      .filter((s) => s.physical === undefined && s.size <= ram / ARRAY_SHARE)
      .sort((a, b) => (a.virtual < b.virtual ? -1 : 1)),
    notes,
  };
}
