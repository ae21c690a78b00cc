import { MAPPING_KINDS } from '../mapping.ts';
import { factName, factNumber, type PageColumn } from './page-column.ts';

export const flags: PageColumn<'flags', 'set'> = {
  name: 'flags',
  kind: 'set',
  help: 'names of the flag bits that are set; the kind of page decides between aliases',
  needs: 'folios',
  inTable: true,
  noun: 'flag',
  names: ({ pages }) => pages.flags.names,
  lane({ pages, count }) {
    pages.loops.run.flagSets(count);
    return { kind: 'set', at: pages.sets, names: pages.flags.names };
  },
};

export const type: PageColumn<'type', 'name'> = {
  name: 'type',
  kind: 'name',
  help: 'page type: buddy (all pages of a free block), slab, table, offline, guard, hugetlb, ...',
  mayBeEmpty: true,
  needs: 'folios',
  inTable: true,
  noun: 'page type',
  names: ({ pages }) => pages.types.names,
  lane: (context) => factName(context, 'type', 1, context.pages.types.names),
};

export const head: PageColumn<'head', 'number'> = {
  name: 'head',
  kind: 'number',
  help: 'pfn of the head of its folio; its own pfn if it is not a tail',
  needs: 'heads',
  widest: (lastPfn) => `${lastPfn}`,
  lane: ({ pages }) => ({ kind: 'double', at: pages.head }),
};

export const order: PageColumn<'order', 'number'> = {
  name: 'order',
  kind: 'number',
  help: 'order of its folio: the folio has 2^order pages; 0 if not compound',
  numbers: 'uint8',
  mayBeEmpty: true,
  needs: 'folios',
  inTable: true,
  lane: (context) => factNumber(context, 'order'),
};

export const freeOrder: PageColumn<'free_order', 'number'> = {
  name: 'free_order',
  kind: 'number',
  help: 'order of the free block that it belongs to',
  numbers: 'uint8',
  mayBeEmpty: true,
  needs: 'folios',
  lane: (context) => factNumber(context, 'freeOrder'),
};

export const mappingKind: PageColumn<'mapping_kind', 'name'> = {
  name: 'mapping_kind',
  kind: 'name',
  help: 'kind of object that mapping points to: anon, ksm, movable, file, none (for a tail that of its head)',
  needs: 'folios',
  inTable: true,
  noun: 'kind of mapping',
  names: () => MAPPING_KINDS,
  lane: (context) => factName(context, 'kind', 1, MAPPING_KINDS),
};

export const slabCache: PageColumn<'slab_cache', 'name'> = {
  name: 'slab_cache',
  kind: 'name',
  help: 'name of the slab cache that the page belongs to',
  mayBeEmpty: true,
  needs: 'folios',
  inTable: true,
  lane: (context) => factName(context, 'cache', 2, context.cacheNames),
};
