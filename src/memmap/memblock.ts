import type { StructView } from '../core/data-model.ts';
import { StructPageError } from '../core/errors.ts';
import type { Range } from '../core/ranges.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { Place, TypeFacts } from '../layout/type-facts.ts';

/** More regions than the memory of any machine has. */
const MOST_REGIONS = 65536;

/**
 * The page frames with memory by the list that the kernel has kept since it booted (memblock.memory, include/linux/memblock.h), in ascending
 * order; why not, where they cannot be read.
 */
export function memoryRegions(kernel: Kernel, types: TypeFacts): readonly Range[] | string {
  const at = kernel.symbol('memblock');
  const count = types.place('memblock', 'memory.cnt');
  const list = types.place('memblock', 'memory.regions');
  const size = types.structSize('memblock_region');
  const base = types.place('memblock_region', 'base');
  const length = types.place('memblock_region', 'size');
  if (at === undefined)
    return 'neither the symbol table nor a layout of this very build says where memblock is';
  if (!count || !list || !size || !base || !length) return `${types.origin} does not have struct memblock`;
  try {
    const cnt = Number(kernel.space.readWord(at + BigInt(count.offset), 'memblock.memory.cnt'));
    if (cnt === 0 || cnt > MOST_REGIONS) return `memblock counts ${cnt} regions`;
    const regions = kernel.space.readWord(at + BigInt(list.offset), 'memblock.memory.regions');
    const view = kernel.space.readStruct(regions, cnt * size, 'memblock.memory.regions');
    const ranges: Range[] = [];
    for (let i = 0; i < cnt; i++) {
      const first = address(view, i * size, base);
      const end = first + address(view, i * size, length);
      const range = {
        start: Math.floor(first / kernel.pageBytes),
        end: Math.ceil(end / kernel.pageBytes),
      };
      if (range.end <= range.start || range.start < (ranges.at(-1)?.end ?? 0))
        return `region ${i} of memblock is ${first} to ${end}, which does not follow the one before it`;
      ranges.push(range);
    }
    return ranges;
  } catch (error) {
    if (error instanceof StructPageError) return error.message;
    throw error;
  }
}

/** A phys_addr_t, which has 8 bytes on 32-bit kernels that address more memory (CONFIG_PHYS_ADDR_T_64BIT). */
function address(view: StructView, at: number, { offset, size }: Place): number {
  return size === 8 ? Number(view.u64(at + offset)) : view.u32(at + offset);
}
