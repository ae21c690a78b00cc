import type { Architecture, LinearRegion, PagingMode } from '../arch/architecture.ts';
import { FaultError } from '../core/errors.ts';
import type { Vmcoreinfo } from '../formats/vmcoreinfo.ts';
import type { PhysicalMemory } from '../sources/image-format.ts';
import { AddressSpace } from '../translate/address-space.ts';
import { PageWalker } from '../translate/page-walk.ts';

/** No machine's page array has more pieces: the list is damaged or a loop. */
const MOST = 1 << 20;

/**
 * Finds the page array under the hash MMU of ppc64. Its mappings are in no page table, but in a list of the kernel (struct
 * vmemmap_backing, arch/powerpc/mm/init_64.c). Undefined if the list cannot be read.
 */
export function vmemmapRegions(
  memory: PhysicalMemory,
  architecture: Architecture,
  mode: PagingMode,
  info: Vmcoreinfo,
): LinearRegion[] | undefined {
  const list = info.symbol('vmemmap_list');
  const psize = info.symbol('mmu_vmemmap_psize');
  const sizes = info.symbol('mmu_psize_defs');
  const defSize = info.size('mmu_psize_def');
  const shiftAt = info.offset('mmu_psize_def.shift');
  const next = info.offset('vmemmap_backing.list');
  const physical = info.offset('vmemmap_backing.phys');
  const virtual = info.offset('vmemmap_backing.virt_addr');
  const size = info.size('vmemmap_backing');
  if (
    list === undefined ||
    psize === undefined ||
    sizes === undefined ||
    defSize === undefined ||
    shiftAt === undefined ||
    next === undefined ||
    physical === undefined ||
    virtual === undefined ||
    size === undefined
  ) {
    return undefined;
  }
  const walker = new PageWalker(memory, { architecture, mode, root: 0, ignoredBits: 0n });
  const space = new AddressSpace(memory, walker);
  const out: LinearRegion[] = [];
  try {
    const kind = space.readStruct(psize, 4, 'mmu_vmemmap_psize').u32(0);
    const shift = space.readStruct(sizes + BigInt(kind * defSize + shiftAt), 4, 'mmu_psize_defs').u32(0);
    if (shift < 12 || shift > 40) return undefined;
    let at = space.readWord(list, 'vmemmap_list');
    for (; at !== 0n; ) {
      const entry = space.readStruct(at, size, 'vmemmap_list');
      out.push({
        start: entry.word(virtual),
        size: 1n << BigInt(shift),
        physical: Number(entry.word(physical)),
      });
      if (out.length > MOST) return undefined;
      at = entry.word(next);
    }
  } catch (error) {
    if (error instanceof FaultError) return undefined;
    throw error;
  }
  return out.length > 0 ? joined(out) : undefined;
}

/** Joins pieces that are adjacent in both virtual and physical memory, by ascending address. */
function joined(regions: readonly LinearRegion[]): LinearRegion[] {
  const out: LinearRegion[] = [];
  for (const region of [...regions].sort((a, b) => (a.start < b.start ? -1 : 1))) {
    const last = out.at(-1);
    if (
      last &&
      last.start + last.size === region.start &&
      last.physical + Number(last.size) === region.physical
    ) {
      out[out.length - 1] = { ...last, size: last.size + region.size };
    } else out.push(region);
  }
  return out;
}
