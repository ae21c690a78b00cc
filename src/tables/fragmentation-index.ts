import { fragmentationIndices } from '../proc/fragmentation.ts';
import { defineTable, type TableDefinition } from './table-definition.ts';

/** The two indices of /sys/kernel/debug/extfrag for each order of each zone. */
export const fragmentationIndex: TableDefinition = defineTable({
  name: 'fragmentation_index',
  help: 'why an allocation of each order would fail: external fragmentation or lack of memory',
  columns: [
    { name: 'node', kind: 'number', help: 'NUMA node', numbers: 'uint32' },
    { name: 'zone', kind: 'name', help: 'zone, as /proc/zoneinfo names it' },
    { name: 'order', kind: 'number', help: 'the allocation has 2^order pages', numbers: 'uint8' },
    {
      name: 'index',
      kind: 'name',
      align: 'right',
      help: 'extfrag_index: -1.000 if it would succeed; near 0 for lack of memory, near 1 for fragmentation',
    },
    {
      name: 'unusable',
      kind: 'name',
      align: 'right',
      help: 'unusable_index: share of the free memory that lies in smaller blocks',
    },
  ],
  *rows({ objects }) {
    for (const { zone, order, index, unusable } of fragmentationIndices(objects)) {
      yield {
        node: zone.node,
        zone: zone.name,
        order,
        index: thousandths(index),
        unusable: thousandths(unusable),
      };
    }
  },
});

/** As the kernel prints them, without the padding. */
function thousandths(value: number): string {
  return (value / 1000).toFixed(3);
}
