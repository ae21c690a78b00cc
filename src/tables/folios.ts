import type { Pfn, VirtAddr } from '../core/address.ts';
import { FaultError } from '../core/errors.ts';
import type { Inspector } from '../inspector/inspector.ts';
import { rowObjects } from '../inspector/page-rows.ts';
import { defineTable, type TableDefinition } from './table-definition.ts';

/** Heads of compound pages, and single pages in use that are neither reserved nor typed. */
const FOLIOS = 'is_tail == 0 && (is_head == 1 || refcount > 0 && type is empty && not flags has reserved)';

const COLUMNS = [
  ...(['pfn', 'order', 'nr_pages', 'type', 'mapping_kind', 'flags', 'refcount'] as const),
  ...(['folio_mapcount', 'pincount', 'slab_cache'] as const),
];

/** One row per folio: compound pages of all kinds, and single pages (include/linux/mm_types.h). */
export const folios: TableDefinition = defineTable({
  name: 'folios',
  help: 'one row per folio: compound pages, and single pages in use',
  columns: [
    { name: 'pfn', kind: 'number', help: 'first page' },
    {
      name: 'order',
      kind: 'number',
      mayBeEmpty: true,
      help: 'the folio has 2^order pages',
      numbers: 'uint8',
    },
    { name: 'nr_pages', kind: 'number', mayBeEmpty: true, help: 'number of pages' },
    { name: 'type', kind: 'name', mayBeEmpty: true, help: 'page type' },
    { name: 'mapping_kind', kind: 'name', mayBeEmpty: true, help: 'anon, file, ksm or movable' },
    { name: 'flags', kind: 'set', help: 'flags of the first page' },
    { name: 'refcount', kind: 'number', mayBeEmpty: true, help: 'references', numbers: 'int32' },
    {
      name: 'folio_mapcount',
      kind: 'number',
      mayBeEmpty: true,
      help: 'number of mappings of the folio and of its pages',
      numbers: 'int32',
    },
    {
      name: 'pincount',
      kind: 'number',
      mayBeEmpty: true,
      help: 'pins, such as those for DMA',
      numbers: 'int32',
    },
    {
      name: 'deferred_split',
      kind: 'number',
      mayBeEmpty: true,
      help: '1 if it is partly unmapped and queued to be split, otherwise 0',
      numbers: 'uint8',
    },
    { name: 'slab_cache', kind: 'name', mayBeEmpty: true, help: 'its slab cache' },
  ],
  *rows(inspector) {
    const isDeferred = deferredTest(inspector);
    for (const rows of inspector.selectSync({ columns: COLUMNS, where: FOLIOS })) {
      for (const { pfn, order, ...folio } of rowObjects(rows)) {
        const deferred_split = order === undefined ? undefined : isDeferred(pfn!, order);
        yield { ...folio, pfn: pfn!, order, flags: folio.flags ?? [], deferred_split };
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
