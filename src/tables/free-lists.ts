import type { Pfn } from '../core/address.ts';
import { StructPageError } from '../core/errors.ts';
import type { Inspector } from '../inspector/inspector.ts';
import { freeLists as listsOf } from '../proc/fragmentation.ts';
import { defineTable, type TableDefinition } from './table-definition.ts';

/** Free memory by the lists of the page allocator, compared with the page array in both directions (mm/page_alloc.c). */
export const freeLists: TableDefinition = defineTable({
  name: 'free_lists',
  help: 'free lists of each zone by order and migratetype, compared with the page array',
  columns: [
    { name: 'node', kind: 'number', help: 'NUMA node', numbers: 'uint32' },
    { name: 'zone', kind: 'name', help: 'zone, as /proc/zoneinfo names it' },
    { name: 'order', kind: 'number', help: 'blocks of 2^order pages', numbers: 'uint8' },
    { name: 'type', kind: 'name', help: 'migratetype of the list', mayBeEmpty: true },
    { name: 'blocks', kind: 'number', help: 'blocks on the list' },
    { name: 'pages', kind: 'number', help: 'their pages' },
    {
      name: 'contradicted',
      kind: 'number',
      help: 'blocks on the list that are no free block of this order in the page array',
    },
  ],
  *rows(inspector, trouble) {
    const array = new FreeArray(inspector);
    let isWhole = true;
    for (const { zone, order, type, pfns } of listsOf(inspector.objects, inspector)) {
      let blocks = 0;
      let contradicted = 0;
      try {
        for (const pfn of pfns) {
          blocks++;
          if (pfn === undefined || !array.meet(pfn, order)) contradicted++;
        }
      } catch (error) {
        if (!(error instanceof StructPageError)) throw error;
        isWhole = false;
        trouble(`node ${zone.node}, zone ${zone.name}, order ${order}, ${type}: ${error.message}`);
      }
      if (blocks === 0) continue;
      if (contradicted > 0) {
        trouble(
          `${contradicted} blocks of order ${order} in zone ${zone.name} of node ${zone.node} are on the free list ${type}, but are no free blocks in the page array`,
        );
      }
      const { node, name } = zone;
      yield { node, zone: name, order, type, blocks, pages: blocks * 2 ** order, contradicted };
    }
    const { count, first } = array.unmet();
    if (isWhole && first !== undefined) {
      trouble(`${count} free blocks of the page array are on no free list, the first at pfn ${first}`);
    }
  },
});

/** Free blocks in the page array, and whether a list has them. */
class FreeArray {
  readonly #pfns: number[] = [];
  readonly #orders: number[] = [];
  readonly #met: Uint8Array;

  constructor(inspector: Inspector) {
    const columns = ['pfn', 'free_order'] as const;
    for (const { batch, rows } of inspector.selectSync({ columns, where: 'type == buddy' })) {
      const orders = batch.columns.get('free_order').values;
      for (const row of rows) {
        const pfn = batch.start + row;
        // pages after the first of a block also have its order
        if (pfn % 2 ** orders[row]! !== 0) continue;
        this.#pfns.push(pfn);
        this.#orders.push(orders[row]!);
      }
    }
    this.#met = new Uint8Array(this.#pfns.length);
  }

  /** Records that a list has a block; false if the array has no block of that order there, or a list already has it. */
  meet(pfn: Pfn, order: number): boolean {
    const at = this.#find(pfn);
    if (this.#pfns[at] !== pfn || this.#orders[at] !== order || this.#met[at] === 1) return false;
    this.#met[at] = 1;
    return true;
  }

  /** Blocks that are on no list. */
  unmet(): { readonly count: number; readonly first: Pfn | undefined } {
    const first = this.#met.indexOf(0);
    const count = this.#met.reduce((sum, met) => sum + (met === 0 ? 1 : 0), 0);
    return { count, first: first < 0 ? undefined : this.#pfns[first] };
  }

  #find(pfn: Pfn): number {
    let low = 0;
    let high = this.#pfns.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#pfns[middle]! < pfn) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
