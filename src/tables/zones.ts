import { readZones } from '../memmap/zones.ts';
import { defineTable, type TableDefinition } from './table-definition.ts';

/** The zones of each node, from struct pglist_data (include/linux/mmzone.h). */
export const zones: TableDefinition = defineTable({
  name: 'zones',
  help: 'zones of each NUMA node, with the page frames that each spans',
  columns: [
    { name: 'node', kind: 'number', help: 'NUMA node', numbers: 'uint16' },
    { name: 'zone', kind: 'name', help: 'name of the zone, as /proc/zoneinfo has it', mayBeEmpty: true },
    { name: 'number', kind: 'number', help: 'number of the zone in `flags` of its pages', numbers: 'uint8' },
    { name: 'start_pfn', kind: 'number', help: 'first pfn that it spans' },
    { name: 'spanned', kind: 'number', help: 'number of pfns that it spans, holes included' },
  ],
  *rows({ kernel, types }) {
    for (const { node, zone, name, start, end } of readZones(kernel, types)) {
      yield { node, zone: name, number: zone, start_pfn: start, spanned: end - start };
    }
  },
});
