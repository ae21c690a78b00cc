import type { PageLayout } from '../layout/page-layout.ts';
import type { MemoryModel } from '../memmap/memory-model.ts';
import type { PageReader } from '../memmap/page-reader.ts';

/**
 * Tells entries of the swap format that name a page frame from markers: the frame is poisoned, or locked while it is moved
 * (include/linux/swapops.h). The types of such entries depend on how the kernel was configured; the struct page does not.
 */
export function heldPages(
  layout: PageLayout,
  model: MemoryModel,
  reader: PageReader,
  pageShift: number,
): (offset: bigint) => boolean {
  const bits = ['hwpoison', 'locked'].flatMap((name) => layout.flags.bits.get(name) ?? []);
  const frame = (1n << BigInt(model.maxPhysicalBits - pageShift)) - 1n;
  return (offset) => {
    const pfn = Number(offset & frame);
    if (!model.present.some((r) => pfn >= r.start && pfn < r.end)) return false;
    const { bytes, states } = reader.read(pfn, 1);
    if (states[0] !== 0) return false;
    return bits.some((bit) => ((bytes[layout.offsets.flags + (bit >> 3)]! >> (bit & 7)) & 1) === 1);
  };
}
