import { CONSTANTS } from '../loops/abi.ts';

const KINDS = CONSTANTS.MappingKind;
/** What the word `mapping` can point to; the position is the code. */
export const MAPPING_KINDS: readonly string[] = Object.keys(KINDS);

/** Kernel pointers have all of their top 8 bits set, with 4 and with 5 levels of page tables; poison values have not. */
const KERNEL_TOP = 0xff;

/**
 * The kind of a mapping word by its low bits (include/linux/page-flags.h: PAGE_MAPPING_ANON, _KSM, _MOVABLE). Only for
 * the head of a folio that has no type of its own.
 */
export function mappingKind(low: number, high: number, movableByMapping: boolean): number {
  if (high >>> 24 !== KERNEL_TOP) return KINDS.none;
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
