import type { Pfn } from '../core/address.ts';
import type { Machine } from './claimant.ts';

/** Tells whether a page has PG_reserved. */
export function reservedPages({
  layout,
  objects,
  model,
}: Pick<Machine, 'layout' | 'objects' | 'model'>): (pfn: Pfn) => boolean {
  const bit = layout.flags.bits.get('reserved');
  const at = BigInt(layout.offsets.flags);
  return (pfn) => {
    const page = model.addressOf(pfn);
    if (page === undefined || bit === undefined) return false;
    return ((objects.memory.word(page + at) >> BigInt(bit)) & 1n) === 1n;
  };
}
