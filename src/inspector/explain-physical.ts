import { hex } from '../core/address.ts';
import { directMapOf } from '../kernel/direct-map.ts';
import type { Inspector } from './inspector.ts';

/**
 * Advice for a physical address that results from direct-map arithmetic on the address of a struct page: `vmemmap -
 * PAGE_OFFSET` (docs/the-story-of-0x620000000000.md). Undefined if the address does not look like that.
 */
export function explainPhysical(inspector: Inspector, physical: bigint): string | undefined {
  const { model, kernel } = inspector;
  const last = model.present.at(-1);
  // the array of FLATMEM is in the direct map
  if (!last || model.kind === 'FLATMEM') return undefined;
  const { directMaps = [], pagingModes } = kernel.architecture;
  // without KASLR the array starts at the place of the first paging mode
  const usual = pagingModes[0]?.vmemmap?.base;
  const bases = [...new Set([model.base, usual].filter((b) => b !== undefined))];
  const bytes = BigInt(last.end) * BigInt(model.pageSize);
  for (const offset of [directMapOf(inspector.kernel), ...directMaps]) {
    for (const base of bases) {
      // where memory is mapped at its own address, the difference is an ordinary address
      if (offset === undefined || offset === 0n) continue;
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
