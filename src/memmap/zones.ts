import { FaultError } from '../core/errors.ts';
import type { Range } from '../core/ranges.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { maxNodes } from '../layout/flag-fields.ts';
import type { TypeFacts } from '../layout/type-facts.ts';

/** A zone of a node, from its struct zone. */
export interface Zone extends Range {
  readonly node: number;
  /** Index in pglist_data.node_zones, as in the zone field of `flags`. */
  readonly zone: number;
  /** The kernel's name for it; undefined if it cannot be read. */
  readonly name: string | undefined;
  /** Page frames with RAM; undefined if the types lack the member. */
  readonly presentPages: number | undefined;
  /** Page frames given to the page allocator. */
  readonly managedPages: number | undefined;
}

/** More nodes than any machine has. */
const MAX_NODES = 4096;

/**
 * The zones that span pages, from struct pglist_data and struct zone (include/linux/mmzone.h). Empty if the kernel does not
 * tell where its nodes are, or the types lack these structs.
 */
export function readZones(kernel: Kernel, types: TypeFacts): Zone[] {
  const zones = types.place('pglist_data', 'node_zones');
  const size = types.structSize('zone');
  const start = types.place('zone', 'zone_start_pfn')?.offset;
  const spanned = types.place('zone', 'spanned_pages')?.offset;
  const name = types.place('zone', 'name')?.offset;
  const present = types.place('zone', 'present_pages')?.offset;
  const managed = types.place('zone', 'managed_pages')?.offset;
  if (!zones || !size || start === undefined || spanned === undefined) return [];
  const out: Zone[] = [];
  for (const [node, address] of nodes(kernel, types)) {
    try {
      const at = address + BigInt(zones.offset);
      const view = kernel.space.readStruct(at, zones.size, 'pglist_data.node_zones');
      for (let zone = 0; (zone + 1) * size <= view.byteLength; zone++) {
        const first = Number(view.word(zone * size + start));
        const pages = Number(view.word(zone * size + spanned));
        if (pages === 0 || !Number.isSafeInteger(first + pages)) continue;
        const text = name === undefined ? 0n : view.word(zone * size + name);
        const count = (member: number | undefined): number | undefined =>
          member === undefined ? undefined : Number(view.word(zone * size + member));
        out.push({
          node,
          zone,
          start: first,
          end: first + pages,
          name: nameAt(kernel, text),
          presentPages: count(present),
          managedPages: count(managed),
        });
      }
    } catch (error) {
      if (!(error instanceof FaultError)) throw error;
    }
  }
  return out;
}

function nameAt(kernel: Kernel, address: bigint): string | undefined {
  try {
    return address === 0n ? undefined : kernel.space.readString(address, 16, 'zone.name');
  } catch {
    return undefined;
  }
}

/** Addresses of the nodes' struct pglist_data. */
function nodes(kernel: Kernel, types: TypeFacts): [number, bigint][] {
  const table = kernel.symbol('node_data');
  if (table === undefined) {
    const only = kernel.symbol('contig_page_data');
    return only === undefined ? [] : [[0, only]];
  }
  const length = Math.min(maxNodes(types, kernel.vmcoreinfo).count, MAX_NODES);
  try {
    const { wordBytes } = kernel.space.model;
    const view = kernel.space.readStruct(table, length * wordBytes, 'node_data');
    const out: [number, bigint][] = [];
    for (let node = 0; node < length; node++) {
      const address = view.word(node * wordBytes);
      if (address !== 0n) out.push([node, address]);
    }
    return out;
  } catch (error) {
    if (error instanceof FaultError) return [];
    throw error;
  }
}
