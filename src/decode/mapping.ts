import { word } from '../core/address.ts';
import type { PageLayout } from '../layout/page-layout.ts';
import { CONSTANTS } from '../loops/abi.ts';

const KINDS = CONSTANTS.MappingKind;
/** What the word `mapping` can point to; the index is the code. */
export const MAPPING_KINDS: readonly string[] = Object.keys(KINDS);

/**
 * The kind of a mapping word by its low bits (include/linux/page-flags.h: PAGE_MAPPING_ANON, _KSM, _MOVABLE). Valid only
 * for the head of a folio without a page type.
 */
export function mappingKind(
  low: number,
  high: number,
  { movableByMapping, pointers }: Pick<PageLayout, 'movableByMapping' | 'pointers'>,
): number {
  const mapping = word(low, high);
  // poison values are not kernel pointers
  if (mapping < pointers.from || mapping > pointers.to) return KINDS.none;
  switch (low & 3) {
    case 1:
      return KINDS.anon;
    case 3:
      return KINDS.ksm;
    case 2:
      return movableByMapping ? KINDS.movable : KINDS.none;
    default:
      return KINDS.file;
  }
}
