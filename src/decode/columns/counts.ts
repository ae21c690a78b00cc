import { intAt, type PageColumn } from './page-column.ts';

export const refcount: PageColumn<'refcount', 'number'> = {
  name: 'refcount',
  kind: 'number',
  help: '_refcount, signed',
  numbers: 'int32',
  inTable: true,
  lane: (context) => intAt(context, context.layout.offsets.refcount),
};

export const mapcountRaw: PageColumn<'mapcount_raw', 'number'> = {
  name: 'mapcount_raw',
  kind: 'number',
  help: 'the 32-bit word of _mapcount and page_type, signed',
  numbers: 'int32',
  lane: (context) => intAt(context, context.layout.offsets.mapcount),
};

export const mapcount: PageColumn<'mapcount', 'number'> = {
  name: 'mapcount',
  kind: 'number',
  help: 'number of mappings of the page, alone or with its folio; empty if the word is a page type',
  numbers: 'int32',
  mayBeEmpty: true,
  needs: 'folios',
  inTable: true,
  lane(context) {
    const { pages, start, count } = context;
    const at = context.area('mapcount', 4);
    pages.loops.run.mapcounts(start, count, at);
    return { kind: 'mapcount', at, stride: 4 };
  },
};
