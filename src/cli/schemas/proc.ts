import type { BuddyInfoData, PageTypeInfoData, ZoneInfoData } from '../../index.ts';
import { count, integer, list, nullable, object, record, type Shape, text } from './shape.ts';

const counters = (description: string): Shape<Readonly<Record<string, number>>> =>
  record(integer(), description);

const buddyinfo: Shape<readonly BuddyInfoData[]> = list(
  object<BuddyInfoData>({ node: count(), zone: text(), free: list(count(), 'Free blocks of each order') }),
);

const pagetypeinfo: Shape<PageTypeInfoData> = object<PageTypeInfoData>({
  pageblockOrder: count(),
  pagesPerBlock: count(),
  free: list(
    object({
      node: count(),
      zone: text(),
      type: text('Migratetype'),
      free: list(count(), 'Free blocks of each order; the kernel counts no further than 100,000'),
    }),
  ),
  pageblocks: list(object({ node: count(), zone: text(), types: record(count(), 'By migratetype') })),
});

const zoneinfo: Shape<readonly ZoneInfoData[]> = list(
  object<ZoneInfoData>({
    node: count(),
    zone: text(),
    perNode: nullable(counters('Counters of the node, with its first zone')),
    values: counters('Watermarks, sizes and counters by name; free is "pages free"'),
    protection: list(integer()),
    cpus: list(counters('The page set of a CPU')),
  }),
);

const slabinfo: Shape<unknown> = {
  schema: {
    type: 'array',
    items: {
      type: 'object',
      description: 'A cache: numbers by the names in the heading of the file',
      properties: { name: { type: 'string' } },
      required: ['name', 'active_objs', 'num_objs', 'objsize', 'objperslab', 'pagesperslab'],
      additionalProperties: { type: 'integer', minimum: 0 },
    },
  },
};

/** structpage meminfo --json and the like, by the name of the file. */
export const PROC_SHAPES: Readonly<Record<string, Shape<unknown>>> = {
  meminfo: counters('KiB by name; huge pages are counted in pages'),
  vmstat: counters('Counters by name'),
  zoneinfo,
  buddyinfo,
  pagetypeinfo,
  slabinfo,
};
