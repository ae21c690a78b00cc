import type { Pfn } from '../core/address.ts';
import { findReferrers } from '../referrers/find-referrers.ts';
import { defineTable, type TableDefinition } from './table-definition.ts';

/** Places in memory that name some pages. */
export function referrers(pfns: readonly Pfn[]): TableDefinition {
  return defineTable({
    name: 'referrers',
    help: 'places in memory that name a page',
    columns: [
      { name: 'pfn', kind: 'number', help: 'the page that is named' },
      {
        name: 'holds',
        kind: 'name',
        help: 'its address, struct page, physical address, or a page table entry',
      },
      {
        name: 'offset',
        kind: 'number',
        help: 'bytes from the start of the page, or of its struct page',
        numbers: 'int32',
      },
      {
        name: 'address',
        kind: 'word',
        mayBeEmpty: true,
        help: 'where the pointer is, as the kernel maps it',
      },
      { name: 'phys', kind: 'word', help: 'physical address of the pointer' },
      { name: 'class', kind: 'name', help: 'class of the page that the pointer is in' },
      { name: 'place', kind: 'name', help: 'what is there: slab object, stack, variable, area' },
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
