import { lengthOf } from '../core/ranges.ts';
import { defineTable, type TableDefinition } from './table-definition.ts';

/** The memory sections that have struct pages, from mem_section (mm/sparse.c). */
export const sections: TableDefinition = defineTable({
  name: 'sections',
  help: 'memory sections that have struct pages',
  columns: [
    { name: 'section', kind: 'number', help: 'number of the section' },
    { name: 'start_pfn', kind: 'number', help: 'its first pfn' },
    { name: 'pages', kind: 'number', help: 'number of its pfns that have a struct page', numbers: 'uint32' },
    {
      name: 'online',
      kind: 'number',
      help: 'number of its pfns that are online; empty if not known',
      numbers: 'uint32',
      mayBeEmpty: true,
    },
    { name: 'struct_page', kind: 'word', help: 'virtual address of the struct page of its first pfn' },
  ],
  *rows({ model }, trouble) {
    const { list, onlineUnknown, lost } = model.sections;
    for (const sentence of lost) trouble(sentence);
    for (const { number, base, pfns, online } of list) {
      const start = number * model.pagesPerSection;
      yield {
        section: number,
        start_pfn: start,
        pages: lengthOf(pfns),
        online: onlineUnknown ? undefined : lengthOf(online),
        struct_page: BigInt.asUintN(64, base + BigInt(start) * BigInt(model.pageSize)),
      };
    }
  },
});
