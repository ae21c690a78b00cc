import type { Pfn } from '../core/address.ts';
import { findReferrers } from '../referrers/find-referrers.ts';
import { defineTable, type TableDefinition } from './table-definition.ts';

/** Places in memory that name some pages. */
export function referrers(pfns: readonly Pfn[]): TableDefinition {
  return defineTable({
    name: 'referrers',
    help: 'places in memory that point to a page',
    columns: [
      { name: 'pfn', kind: 'number', help: 'page that the pointer leads to' },
      {
        name: 'holds',
        kind: 'name',
        help: 'kind of pointer: to its address, struct page or physical address, or a page table entry',
      },
      {
        name: 'offset',
        kind: 'number',
        help: 'offset of the target in the page, or in its struct page',
        numbers: 'int32',
      },
      {
        name: 'address',
        kind: 'word',
        mayBeEmpty: true,
        help: 'kernel virtual address of the pointer',
      },
      { name: 'phys', kind: 'word', help: 'physical address of the pointer' },
      { name: 'class', kind: 'name', help: 'class of the page that the pointer is in' },
      {
        name: 'place',
        kind: 'name',
        help: 'object that holds the pointer: slab object, stack, variable, vmalloc area',
      },
    ],
    *rows(inspector) {
      const { objects, layout, reader, model, classes } = inspector;
      const parts = {
        objects,
        layout,
        reader,
        model,
        classes: classes.codes,
        headOf: (pfn: Pfn) => inspector.headOf(pfn),
      };
      for (const found of findReferrers(parts, pfns)) {
        const { target, holds, offset, address, physical, className, name } = found;
        yield { pfn: target, holds, offset, address, phys: BigInt(physical), class: className, place: name };
      }
    },
  });
}
