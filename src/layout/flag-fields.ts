import type { DataModel } from '../core/data-model.ts';
import { LayoutError } from '../core/errors.ts';
import type { Vmcoreinfo } from '../formats/vmcoreinfo.ts';
import type { TypeFacts } from './type-facts.ts';

/** A field in the upper bits of `flags`. Width 0 means that this kernel stores the value elsewhere or not at all. */
export interface FlagField {
  readonly shift: number;
  readonly width: number;
  /** The source of its width. */
  readonly from: string;
}

/** Fields in order, downwards from the highest bit of the word (include/linux/page-flags-layout.h). */
export interface FlagFields {
  readonly section: FlagField;
  readonly node: FlagField;
  readonly zone: FlagField;
  readonly lastCpupid: FlagField;
}

/** What determines the fields besides the types. */
export interface MemoryFacts {
  readonly model: DataModel;
  readonly vmemmap: boolean;
  /** FLATMEM: there are no sections. */
  readonly isFlat?: boolean;
  readonly maxPhysicalBits: number;
  readonly sectionSizeBits: number;
}

const LAST_PID_BITS = 8; // LAST__PID_SHIFT, include/linux/page-flags-layout.h

/** Resolves the widths from the kernel's own data: sizes of its arrays, and its enumerators. */
export function resolveFlagFields(
  types: TypeFacts,
  flagCount: number,
  memory: MemoryFacts,
  info: Vmcoreinfo | undefined,
): FlagFields {
  const wordBits = memory.model.wordBytes * 8;
  const free = wordBits - flagCount;
  const sectionWidth = memory.vmemmap || memory.isFlat ? 0 : memory.maxPhysicalBits - memory.sectionSizeBits;
  const zones = types.enumerators('zone_type')?.get('__MAX_NR_ZONES');
  if (zones === undefined) throw new LayoutError('enum zone_type', `${types.origin} has no __MAX_NR_ZONES`);
  const zoneWidth = zones <= 1n ? 0 : Math.ceil(Math.log2(Number(zones)));
  const nodes = maxNodes(types, info);
  const genWidth = lruGenWidth(types);
  const wanted = Math.ceil(Math.log2(nodes.count));
  const nodeWidth = sectionWidth + zoneWidth + genWidth + wanted <= free ? wanted : 0;
  const cpupid = cpupidWidth(types);
  const above = sectionWidth + nodeWidth + zoneWidth;
  const cpupidWide = above + genWidth + cpupid.width <= free ? cpupid.width : 0;
  const section = {
    shift: wordBits - sectionWidth,
    width: sectionWidth,
    from: memory.isFlat ? 'FLATMEM' : memory.vmemmap ? 'vmemmap' : 'SECTION_SIZE_BITS',
  };
  const node = { shift: section.shift - nodeWidth, width: nodeWidth, from: nodes.from };
  const zone = { shift: node.shift - zoneWidth, width: zoneWidth, from: '__MAX_NR_ZONES' };
  return {
    section,
    node,
    zone,
    lastCpupid: { shift: zone.shift - cpupidWide, width: cpupidWide, from: cpupid.from },
  };
}

/** MAX_NUMNODES: 1 << CONFIG_NODES_SHIFT. */
export function maxNodes(
  types: TypeFacts,
  info: Vmcoreinfo | undefined,
): { readonly count: number; readonly from: string } {
  const zones = Number(types.enumerators('zone_type')?.get('__MAX_NR_ZONES') ?? 0n);
  const length = info?.length('node_data');
  if (length) return { count: length, from: 'LENGTH(node_data) of VMCOREINFO' };
  // struct zonelist has MAX_NUMNODES * MAX_NR_ZONES + 1 entries
  const zonerefs = types.place('zonelist', '_zonerefs')?.length;
  if (zonerefs && zones > 0 && (zonerefs - 1) % zones === 0) {
    return { count: (zonerefs - 1) / zones, from: 'the length of zonelist._zonerefs' };
  }
  const mask = info?.size('nodemask_t');
  if (mask && mask > 8) return { count: mask * 8, from: 'SIZE(nodemask_t)' };
  return { count: 1, from: 'no sign of more than one node' };
}

/** Width of LAST_CPUPID: only with NUMA balancing, and only when page has no member for it. */
function cpupidWidth(types: TypeFacts): { width: number; from: string } {
  if (types.place('page', '_last_cpupid')) return { width: 0, from: 'page._last_cpupid exists' };
  if (!types.place('mm_struct', 'numa_next_scan')) return { width: 0, from: 'no NUMA balancing' };
  const words = types.place('cpumask', 'bits')?.size ?? 0;
  const cpus = Math.max(1, words * 8);
  return { width: LAST_PID_BITS + Math.ceil(Math.log2(cpus)), from: 'the size of cpumask.bits' };
}

/** LRU_GEN_WIDTH: bits for MAX_NR_GENS + 1 (include/linux/mmzone.h). */
function lruGenWidth(types: TypeFacts): number {
  const seqs = types.place('lru_gen_folio', 'min_seq') ?? types.place('lru_gen_struct', 'min_seq');
  return seqs ? 3 : 0;
}
