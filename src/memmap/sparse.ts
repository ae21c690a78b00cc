import type { Pfn, VirtAddr } from '../core/address.ts';
import { LayoutError } from '../core/errors.ts';
import { intersect, locate, type Range, unite } from '../core/ranges.ts';
import type { MemoryModel } from './memory-model.ts';
import type { Section, Sections } from './sections.ts';

/**
 * FLATMEM, and SPARSEMEM with and without vmemmap (include/asm-generic/memory_model.h). With vmemmap all sections have the same base,
 * since they are windows of one array; without it each section has its own array.
 */
export function sparseModel(
  sections: Sections,
  pageSize: number,
  pageShift: number,
  isOneArray: boolean,
): MemoryModel {
  const { list, sectionSizeBits, maxPhysicalBits } = sections;
  const first = list[0];
  if (!first) throw new LayoutError('mem_section', 'it has no present section, so there is no struct page');
  const pagesPerSection = 2 ** (sectionSizeBits - pageShift);
  const present = unite(list.flatMap((s) => s.pfns));
  const size = BigInt(pageSize);
  const common = {
    pageShift,
    pageSize,
    sections,
    present,
    online: unite(list.flatMap((s) => s.online)),
    sectionSizeBits,
    maxPhysicalBits,
    pagesPerSection,
    from: sections.from,
  };

  if (isOneArray) {
    const { base } = first;
    const least = sections.isFlat ? base + BigInt(present[0]?.start ?? 0) * size : base;
    const limit = BigInt(present.at(-1)?.end ?? 0);
    return {
      ...common,
      kind: sections.isFlat ? 'FLATMEM' : 'SPARSEMEM_VMEMMAP',
      base,
      addressOf: (pfn) => base + BigInt(pfn) * size,
      pfnOf(address) {
        const pfn = (address - base) / size;
        return address >= least && pfn < limit ? Number(pfn) : undefined;
      },
      stretches: (range) =>
        intersect(present, [range]).map((r) => ({ ...r, address: base + BigInt(r.start) * size })),
    };
  }

  const byNumber = [...list].sort((a, b) => a.number - b.number);
  const spans = byNumber.map((s) => ({
    start: s.number * pagesPerSection,
    end: (s.number + 1) * pagesPerSection,
  }));
  const arrays = arraysOf(byNumber, pagesPerSection, size);
  const sectionOf = (pfn: Pfn): Section | undefined => {
    const index = locate(spans, pfn);
    return spans[index] && spans[index].start <= pfn ? byNumber[index] : undefined;
  };
  return {
    ...common,
    kind: 'SPARSEMEM',
    base: undefined,
    addressOf(pfn) {
      const section = sectionOf(pfn);
      return section && section.base + BigInt(pfn) * size;
    },
    pfnOf(address) {
      for (const a of arrays)
        if (address >= a.start && address < a.end) return Number((address - a.base) / size);
      return undefined;
    },
    stretches: (range) =>
      byNumber.flatMap((s, i) =>
        intersect(s.pfns, intersect([spans[i]!], [range])).map((r: Range) => ({
          ...r,
          address: s.base + BigInt(r.start) * size,
        })),
      ),
  };
}

function arraysOf(
  list: readonly Section[],
  pagesPerSection: number,
  size: bigint,
): { start: VirtAddr; end: VirtAddr; base: VirtAddr }[] {
  return list.map((s) => {
    const start = s.base + BigInt(s.number * pagesPerSection) * size;
    return { start, end: start + BigInt(pagesPerSection) * size, base: s.base };
  });
}
