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
  help: '_mapcount + 1; empty where the word is a page type',
  numbers: 'int32',
  mayBeEmpty: true,
  inTable: true,
  lane: ({ pages, layout }) => ({
    kind: 'mapcount',
    at: pages.raw + layout.offsets.mapcount,
    stride: layout.size,
  }),
};
