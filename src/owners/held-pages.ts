import type { Pfn } from '../core/address.ts';
import type { PageLayout } from '../layout/page-layout.ts';
import type { MemoryModel } from '../memmap/memory-model.ts';
import type { PageReader } from '../memmap/page-reader.ts';

/**
 * The page frame that an entry in swap format names if it is not a marker: the frame is poisoned, or locked for migration
 * (include/linux/swapops.h). The types of such entries depend on the kernel's configuration, so the struct page decides.
 */
export function heldPages(
  layout: PageLayout,
  model: MemoryModel,
  reader: PageReader,
  pageShift: number,
): (offset: bigint) => Pfn | undefined {
  const bits = ['hwpoison', 'locked'].flatMap((name) => layout.flags.bits.get(name) ?? []);
  const frame = (1n << BigInt(model.maxPhysicalBits - pageShift)) - 1n;
  return (offset) => {
    const pfn = Number(offset & frame);
    if (!model.present.some((r) => pfn >= r.start && pfn < r.end)) return undefined;
    const { bytes, states } = reader.read(pfn, 1);
    if (states[0] !== 0) return undefined;
    const isHeld = bits.some((bit) => ((bytes[layout.offsets.flags + (bit >> 3)]! >> (bit & 7)) & 1) === 1);
    return isHeld ? pfn : undefined;
  };
}
