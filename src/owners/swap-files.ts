import { StructPageError } from '../core/errors.ts';
import type { Objects } from '../objects/objects.ts';

/** MAX_SWAPFILES is below 32 (include/linux/swap.h). */
const MOST_SWAP_FILES = 32;

/** Number of pages of each current or former swap file (mm/swapfile.c); empty if they cannot be read. */
export function swapFileSizes(objects: Objects): number[] {
  const { memory } = objects;
  try {
    const count = Math.min(MOST_SWAP_FILES, memory.u32(objects.symbol('nr_swapfiles')));
    const at = objects.symbol('swap_info');
    const info = objects.struct('swap_info_struct');
    return Array.from({ length: count }, (_, i) => {
      const file = memory.word(at + BigInt(i * memory.format.wordBytes));
      return file === 0n ? 0 : info.number(file, 'max');
    });
  } catch (error) {
    if (error instanceof StructPageError) return [];
    throw error;
  }
}
