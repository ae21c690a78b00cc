import { hex } from '../core/address.ts';
import type { Inspector } from './inspector.ts';

/** Where the direct map begins without KASLR: since 4.20, and before (arch/x86/include/asm/page_64_types.h). */
const DIRECT_MAPS = [0xffff888000000000n, 0xffff880000000000n] as const;
/** Where the page array begins without KASLR. */
const VMEMMAP = 0xffffea0000000000n;

/**
 * The advice for a physical address that is none because the arithmetic of the direct map was done on the address of a
 * struct page: `vmemmap - PAGE_OFFSET` (docs/the-story-of-0x620000000000.md). Undefined where that is not what it looks like.
 */
export function explainPhysical(inspector: Inspector, physical: bigint): string | undefined {
  const { model, kernel } = inspector;
  const last = model.present.at(-1);
  if (!last) return undefined;
  const bases = [...new Set([model.base, VMEMMAP].filter((b) => b !== undefined))];
  const bytes = BigInt(last.end) * BigInt(model.pageSize);
  for (const offset of [directMap(inspector), ...DIRECT_MAPS]) {
    for (const base of bases) {
      if (offset === undefined) continue;
      const within = physical + offset - base;
      if (within < 0n || within >= bytes) continue;
      const pfn = Number(within / BigInt(model.pageSize));
      const at = model.addressOf(pfn);
      const found = at === undefined ? undefined : kernel.space.walker.walk(at).physical;
      return [
        `it looks like ${within === 0n ? 'vmemmap' : 'an address in vmemmap'} (${hex(base + within)}) minus PAGE_OFFSET (${hex(offset)}), but vmemmap is not in the direct map`,
        found === undefined || at === undefined
          ? `pfn ${pfn}, whose struct page that would be, has none here`
          : `the page tables put the struct page of pfn ${pfn} (virtual ${hex(at)}) at physical ${hex(found)}`,
      ].join('; ');
    }
  }
  return undefined;
}

/** PAGE_OFFSET of this kernel; where it does not say, that of one without KASLR. */
export function directMapOf(inspector: Inspector): bigint {
  return directMap(inspector) ?? DIRECT_MAPS[0];
}

/** PAGE_OFFSET of this kernel, which KASLR may have moved. */
function directMap({ kernel }: Inspector): bigint | undefined {
  const at = kernel.kallsyms?.address('page_offset_base');
  if (at === undefined) return undefined;
  try {
    return kernel.space.readWord(at, 'page_offset_base');
  } catch {
    return undefined;
  }
}
