import type { Pfn, VirtAddr } from '../core/address.ts';
import { FaultError } from '../core/errors.ts';
import type { Inspector } from '../inspector/inspector.ts';
import { defineTable, type TableDefinition } from './table-definition.ts';

/** Heads of compound pages, and single pages in use that are neither reserved nor typed. */
const FOLIOS = 'is_tail == 0 && (is_head == 1 || refcount > 0 && type is empty && not flags has reserved)';

/** One row per folio: compound pages of all kinds, and single pages (include/linux/mm_types.h). */
export const folios: TableDefinition = defineTable({
  name: 'folios',
  help: 'one row per folio: compound pages, and single pages in use',
  columns: [
    { name: 'pfn', kind: 'number', help: 'first page' },
    { name: 'order', kind: 'number', mayBeEmpty: true, help: 'it has 2^order pages', numbers: 'uint8' },
    { name: 'nr_pages', kind: 'number', mayBeEmpty: true, help: 'its pages' },
    { name: 'type', kind: 'name', mayBeEmpty: true, help: 'page type' },
    { name: 'mapping_kind', kind: 'name', mayBeEmpty: true, help: 'anon, file, ksm or movable' },
    { name: 'flags', kind: 'set', help: 'flags of the first page' },
    { name: 'refcount', kind: 'number', mayBeEmpty: true, help: 'references', numbers: 'int32' },
    {
      name: 'folio_mapcount',
      kind: 'number',
      mayBeEmpty: true,
      help: 'how often it is mapped, in whole and in parts together',
      numbers: 'int32',
    },
    {
      name: 'pincount',
      kind: 'number',
      mayBeEmpty: true,
      help: 'pins, for DMA for example',
      numbers: 'int32',
    },
    {
      name: 'deferred_split',
      kind: 'number',
      mayBeEmpty: true,
      help: '1 if it waits to be split since parts of it are not mapped any more, otherwise 0',
      numbers: 'uint8',
    },
    { name: 'slab_cache', kind: 'name', mayBeEmpty: true, help: 'its slab cache' },
  ],
  *rows(inspector) {
    const isDeferred = deferredTest(inspector);
    const columns = [
      ...(['pfn', 'order', 'nr_pages', 'type', 'mapping_kind', 'flags', 'refcount'] as const),
      ...(['folio_mapcount', 'pincount', 'slab_cache'] as const),
    ];
    for (const { batch, rows } of inspector.selectSync({ columns, where: FOLIOS })) {
      const number = (name: 'order' | 'nr_pages' | 'refcount' | 'folio_mapcount' | 'pincount') => {
        const { values, empty } = batch.columns.get(name);
        return (row: number): number | undefined => (empty?.[row] ? undefined : values[row]);
      };
      const name = (column: 'type' | 'mapping_kind' | 'slab_cache') => {
        const { codes, names } = batch.columns.get(column);
        return (row: number): string | undefined => names[codes[row]!] || undefined;
      };
      const of = {
        order: number('order'),
        nr_pages: number('nr_pages'),
        refcount: number('refcount'),
        folio_mapcount: number('folio_mapcount'),
        pincount: number('pincount'),
        type: name('type'),
        mapping_kind: name('mapping_kind'),
        slab_cache: name('slab_cache'),
      };
      const flags = batch.columns.get('flags');
      for (const row of rows) {
        const pfn = batch.start + row;
        const order = of.order(row);
        const set = flags.names.filter((_, bit) =>
          bit < 32 ? (flags.low[row]! >>> bit) & 1 : (flags.high[row]! >>> (bit - 32)) & 1,
        );
        yield {
          pfn,
          order,
          nr_pages: of.nr_pages(row),
          type: of.type(row),
          mapping_kind: of.mapping_kind(row),
          flags: set,
          refcount: of.refcount(row),
          folio_mapcount: of.folio_mapcount(row),
          pincount: of.pincount(row),
          deferred_split: order === undefined ? undefined : isDeferred(pfn, order),
          slab_cache: of.slab_cache(row),
        };
      }
    }
  },
});

/**
 * Tells whether a folio is on a list of those to be split (mm/huge_memory.c): the list_head in its third page, which has one since
 * 4.5, is linked to a neighbour that is linked to it.
 */
function deferredTest(inspector: Inspector): (head: Pfn, order: number) => number | undefined {
  const { types, layout, model, kernel } = inspector;
  const own = types.place('folio', '_deferred_list')?.offset;
  const inPage = types.place('page', 'deferred_list')?.offset;
  const at = own ?? (inPage === undefined ? undefined : inPage + 2 * layout.size);
  const { wordBytes } = kernel.architecture;
  return (head, order) => {
    if (order < 2) return 0;
    const page = model.addressOf(head);
    if (at === undefined || page === undefined) return undefined;
    const node: VirtAddr = page + BigInt(at);
    try {
      const next = kernel.space.readWord(node, 'deferred list');
      if (next === 0n || next === node) return 0;
      return kernel.space.readWord(next + BigInt(wordBytes), 'deferred list') === node ? 1 : 0;
    } catch (error) {
      // a pointer that leads nowhere is not a link
      if (error instanceof FaultError) return 0;
      throw error;
    }
  };
}
