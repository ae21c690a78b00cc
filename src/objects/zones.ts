import type { VirtAddr } from '../core/address.ts';
import { LayoutError } from '../core/errors.ts';
import type { Objects } from './objects.ts';

/** A zone of a node (include/linux/mmzone.h). */
export interface ZoneObject {
  readonly address: VirtAddr;
  readonly node: number;
  /** Address of its pglist_data. */
  readonly nodeAddress: VirtAddr;
  /** Its number in the node, as in page flags. */
  readonly index: number;
  readonly name: string;
  readonly startPfn: number;
  readonly managed: number;
  readonly spanned: number;
  readonly present: number;
}

/** The nodes of a machine, with the addresses of their pglist_data. */
export function* nodes(objects: Objects): Generator<{ readonly node: number; readonly address: VirtAddr }> {
  const { memory, kernel } = objects;
  const table = objects.findSymbol('node_data');
  if (table === undefined) {
    yield { node: 0, address: objects.symbol('contig_page_data') };
    return;
  }
  // few architectures tell the length of the table
  const length = kernel.vmcoreinfo?.length('node_data') ?? objects.nodeCount;
  const { wordBytes } = memory.format;
  for (let node = 0; node < Math.min(length, 4096); node++) {
    const address = memory.word(table + BigInt(node * wordBytes));
    if (address !== 0n) yield { node, address };
  }
}

/** All initialised zones of all nodes, including empty ones. */
export function* zones(objects: Objects): Generator<ZoneObject> {
  const node = objects.struct('pglist_data');
  const zone = objects.struct('zone');
  for (const { node: number, address: nodeAddress } of nodes(objects)) {
    const { offset, size } = node.place('node_zones');
    for (let index = 0; (index + 1) * zone.size <= size; index++) {
      const address = nodeAddress + BigInt(offset + index * zone.size);
      const name = zone.word(address, 'name');
      if (name === 0n) continue;
      yield {
        address,
        node: number,
        nodeAddress,
        index,
        name: objects.memory.string(name, 32),
        startPfn: zone.number(address, 'zone_start_pfn'),
        managed: zone.number(address, 'managed_pages'),
        spanned: zone.number(address, 'spanned_pages'),
        present: zone.number(address, 'present_pages'),
      };
    }
  }
}

/** The address of the per_cpu_pages of a zone on a CPU. */
export function perCpuPages(objects: Objects, zone: VirtAddr, cpu: number): VirtAddr {
  const type = objects.struct('zone');
  const pointer = type.word(zone, ['per_cpu_pageset', 'pageset']);
  if (pointer === 0n) throw new LayoutError('zone.per_cpu_pageset', 'the zone has no per-CPU lists');
  const at = objects.perCpu.pointer(pointer, cpu);
  // until 5.13 the lists are in a per_cpu_pageset
  return type.has('per_cpu_pageset') ? at : objects.struct('per_cpu_pageset').at(at, 'pcp');
}
