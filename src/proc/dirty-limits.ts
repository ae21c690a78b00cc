import type { Counters } from './counters.ts';

/** The limits of dirty pages as global_dirty_limits() computes them (mm/page-writeback.c). */
export function dirtyLimits(counters: Counters): { readonly threshold: number; readonly background: number } {
  const { objects } = counters;
  const { memory } = objects;
  const page = BigInt(memory.format.pageSize);
  const variable = (name: string): bigint => memory.word(objects.symbol(name));
  const free = counters.need('NR_FREE_PAGES');
  const reserve = Math.min(free, Number(variable('totalreserve_pages')));
  const files = counters.need('NR_INACTIVE_FILE') + counters.need('NR_ACTIVE_FILE');
  const available = BigInt(free - reserve + files + 1);
  const limit = (bytes: string, ratio: string): bigint => {
    const at = objects.findSymbol(bytes);
    const fixed = at === undefined ? 0n : memory.word(at);
    if (fixed !== 0n) return (fixed + page - 1n) / page;
    return (((BigInt(memory.u32(objects.symbol(ratio))) * page) / 100n) * available) / page;
  };
  const threshold = limit('vm_dirty_bytes', 'vm_dirty_ratio');
  let background = limit('dirty_background_bytes', 'dirty_background_ratio');
  if (background >= threshold) background = threshold / 2n;
  return { threshold: Number(threshold), background: Number(background) };
}
