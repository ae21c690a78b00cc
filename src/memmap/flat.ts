import { hex, type VirtAddr } from '../core/address.ts';
import { FaultError, LayoutError } from '../core/errors.ts';
import { intersect, type Range, unite } from '../core/ranges.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { TypeFacts } from '../layout/type-facts.ts';
import { memoryRegions } from './memblock.ts';
import { pageblockOrder } from './pageblock-order.ts';
import { type Sections, sectionSizes } from './sections.ts';

/** More memory than a kernel without sections can have: its array is contiguous in kernel memory. */
const MOST_PAGES = 2 ** 28;

/**
 * The array of a kernel with FLATMEM, which has one node: it has the struct pages of node 0 (alloc_node_mem_map(),
 * mm/mm_init.c), and pfn_valid() accepts `max_mapnr` of them. Undefined for kernels with sections. Throws LayoutError if
 * its places contradict each other.
 */
export function readFlatMap(kernel: Kernel, types: TypeFacts, pageSize: number): Sections | undefined {
  if (kernel.symbol('mem_section') !== undefined || types.structSize('mem_section') !== undefined)
    return undefined;
  const variable = kernel.symbol('mem_map');
  const node = kernel.symbol('contig_page_data');
  if (variable === undefined || node === undefined) return undefined;
  const memMap = kernel.space.readWord(variable, 'mem_map');
  const { start, spanned, map } = readNode(kernel, types, node);
  const first = checkPlace(memMap, map, start, pageSize);
  const reached = mostPages(kernel, first) ?? start + spanned;
  if (spanned === 0 || spanned > MOST_PAGES || reached <= start || reached - start > MOST_PAGES) {
    throw new LayoutError(
      'pglist_data.node_spanned_pages',
      `node 0 spans ${spanned} page frames from ${start} on, and struct pages are said to reach ${reached}`,
      'Either it is damaged, or the layout is of another kernel',
    );
  }
  // the array starts and ends with whole blocks of the largest order
  const block = types.place('zone', 'free_area')?.length;
  const blockPages = block ? 2 ** (block - 1) : 1;
  const begin = Math.floor(start / blockPages) * blockPages;
  const end = Math.min(reached, Math.ceil((start + spanned) / blockPages) * blockPages);
  const { ranges, lost } = withoutHoles(kernel, types, { start: Math.max(first, begin), end });
  return {
    list: [{ number: 0, base: map - BigInt(start) * BigInt(pageSize), pfns: ranges, online: ranges }],
    ...sectionSizes(kernel),
    from: 'mem_map and node 0',
    lost,
    isFlat: true,
  };
}

interface Node {
  readonly start: number;
  readonly spanned: number;
  /** Address of the struct page of `start`. */
  readonly map: VirtAddr;
}

function readNode(kernel: Kernel, types: TypeFacts, node: VirtAddr): Node {
  const member = (name: string): bigint => {
    const said = kernel.vmcoreinfo?.offset(`pglist_data.${name}`);
    const offset = types.place('pglist_data', name)?.offset ?? said;
    if (offset === undefined)
      throw new LayoutError(`pglist_data.${name}`, `${types.origin} does not have it`);
    return kernel.space.readWord(node + BigInt(offset), `contig_page_data.${name}`);
  };
  return {
    start: Number(member('node_start_pfn')),
    spanned: Number(member('node_spanned_pages')),
    map: member('node_mem_map'),
  };
}

/** The first page frame of mem_map (ARCH_PFN_OFFSET), from the place of the node's first one. */
function checkPlace(memMap: VirtAddr, map: VirtAddr, start: number, pageSize: number): number {
  const between = map - memMap;
  const first = start - Number(between) / pageSize;
  if (between >= 0n && between % BigInt(pageSize) === 0n && first >= 0) return first;
  throw new LayoutError(
    'mem_map',
    `it is ${hex(memMap)}, and node 0 says that the struct page of page frame ${start} is at ${hex(map)}`,
    'Either of the two is damaged, or the layout is of another kernel',
  );
}

/** The end of pfn_valid(), as a number of struct pages; undefined if the symbol table does not lead to it. */
function mostPages(kernel: Kernel, first: number): number | undefined {
  const at = kernel.symbol('max_mapnr');
  if (at === undefined) return undefined;
  try {
    return first + Number(kernel.space.readWord(at, 'max_mapnr'));
  } catch (error) {
    if (error instanceof FaultError) return undefined;
    throw error;
  }
}

/**
 * Arm frees the struct pages of holes, in units of pageblocks (free_unused_memmap(), mm/memblock.c), and has its own
 * pfn_valid() that knows them.
 */
function withoutHoles(
  kernel: Kernel,
  types: TypeFacts,
  whole: Range,
): { readonly ranges: readonly Range[]; readonly lost: readonly string[] } {
  const { kallsyms } = kernel;
  if (kallsyms && kallsyms.address('pfn_valid') === undefined) return { ranges: [whole], lost: [] };
  const regions = kallsyms ? memoryRegions(kernel, types) : 'the symbol table is lost';
  if (typeof regions === 'string') {
    const why = `kernels of this kind may free the struct pages of holes in memory, and whether there are any is not known: ${regions}`;
    return { ranges: [whole], lost: [why] };
  }
  const block = 2 ** pageblockOrder(types, kernel.space.walker.tables.mode);
  const blocks = regions.map(({ start, end }) => ({
    start: Math.floor(start / block) * block,
    end: Math.ceil(end / block) * block,
  }));
  return { ranges: intersect(unite(blocks), [whole]), lost: [] };
}
