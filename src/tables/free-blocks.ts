import { defineTable, type TableDefinition } from './table-definition.ts';

/** The free blocks of the buddy allocator. A block has 2^order pages and starts at a multiple of that (mm/page_alloc.c). */
export const freeBlocks: TableDefinition = defineTable({
  name: 'free_blocks',
  help: 'free blocks of the buddy allocator',
  columns: [
    { name: 'pfn', kind: 'number', help: 'first page of the block' },
    { name: 'order', kind: 'number', help: 'the block has 2^order pages', numbers: 'uint8' },
    { name: 'node', kind: 'number', help: 'NUMA node', numbers: 'uint16' },
    { name: 'zone', kind: 'name', help: 'zone, as /proc/zoneinfo names it' },
  ],
  *rows(inspector) {
    const columns = ['pfn', 'free_order', 'node', 'zone'] as const;
    for (const { batch, rows } of inspector.selectSync({ columns, where: 'type == buddy' })) {
      const order = batch.columns.get('free_order').values;
      const node = batch.columns.get('node').values;
      const { codes, names } = batch.columns.get('zone');
      for (const row of rows) {
        const pfn = batch.start + row;
        if (pfn % 2 ** order[row]! !== 0) continue;
        yield { pfn, order: order[row]!, node: node[row]!, zone: names[codes[row]!] };
      }
    }
  },
});
