import { count, either, list, nullable, object, record, type Shape, text } from './shape.ts';

/** Pages, and the memory that they are. */
export interface Sized {
  readonly pages: number;
  readonly bytes: number;
}

interface ZoneData extends Sized {
  readonly node: number;
  readonly zone: string;
  readonly freePages: number;
  readonly freeBytes: number;
  readonly freeBlocks: readonly number[];
}

/** structpage summary --json */
export interface SummaryData extends Sized {
  readonly pageSize: number;
  readonly ram: { readonly present: Sized; readonly managed: Sized; readonly holes: Sized | null } | null;
  readonly classes: Readonly<Record<string, Sized>> | null;
  readonly types: Readonly<Record<string, Sized>>;
  readonly flags: Readonly<Record<string, Sized>>;
  readonly zones: readonly ZoneData[];
  readonly folios: readonly number[];
  readonly slabCaches: Readonly<Record<string, Sized>>;
}

/** structpage summary --group-by ... --json: a group, with the texts of its columns. */
export type GroupData = Readonly<Record<string, string | number | null>>;

const pages: Shape<number> = count('Pages');
const bytes: Shape<number> = count('Bytes of memory');
const sized: Shape<Sized> = object<Sized>({ pages, bytes });

const whole: Shape<SummaryData> = object<SummaryData>({
  pageSize: count('Size of a page in bytes'),
  pages,
  bytes,
  ram: nullable(
    object(
      { present: sized, managed: sized, holes: nullable(sized) },
      'RAM by the zones; null if not all pages are counted',
    ),
  ),
  classes: nullable(record(sized, 'By class, what pages are for; null if that is not counted')),
  types: record(sized, 'By page type; pages without one by their mapping'),
  flags: record(sized, 'By flag; a page can have several'),
  zones: list(
    object<ZoneData>({
      node: count(),
      zone: text(),
      pages,
      bytes,
      freePages: count(),
      freeBytes: count(),
      freeBlocks: list(count(), 'Free blocks of each order'),
    }),
  ),
  folios: list(count(), 'Folios in use of each order'),
  slabCaches: record(sized, 'Slab pages by cache'),
});

const groups: Shape<readonly GroupData[]> = {
  schema: {
    type: 'array',
    description: 'With --group-by: the columns as text, and counts',
    items: {
      type: 'object',
      properties: { pages: pages.schema, bytes: bytes.schema },
      required: ['pages', 'bytes'],
      additionalProperties: { type: ['string', 'null'] },
    },
  },
};

export const summary: Shape<SummaryData | readonly GroupData[]> = either<SummaryData | readonly GroupData[]>(
  whole,
  groups,
);
