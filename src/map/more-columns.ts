import { StructPageError } from '../core/errors.ts';
import type { ColumnName } from '../decode/columns/registry.ts';
import type { Inspector } from '../inspector/inspector.ts';
import type { OwnColumn } from './lanes.ts';
import type { MapJob } from './read-map.ts';
import { MAP_VALUES } from './values/registry.ts';

/** Columns that a page of HTML tells of each page besides those of its value. */
const TOLD: readonly ColumnName[] = [
  'type',
  'mapping_kind',
  'flags',
  'order',
  'free_order',
  'refcount',
  'mapcount',
  'slab_cache',
];
/** The same, where the dump holds all that leads to them. */
const OWNERS: readonly ColumnName[] = ['class', 'subclass', 'owner', 'file', 'process', 'memcg'];
/** With more pages, owners take too long to find unless the map is of them. */
const MOST_FOR_OWNERS = 2 ** 25;
/** The root of the tree of resources (kernel/resource.c): a dump without it is without most objects of the kernel. */
const RESOURCES = 'iomem_resource';

/** What a page of HTML tells of each page, and what the dump does not tell, one sentence each. */
export interface MoreColumns {
  readonly columns: readonly ColumnName[];
  readonly own: readonly OwnColumn[];
  readonly notes: readonly string[];
}

/** Finds the columns of a page of HTML besides those of its value. */
export function moreColumns(inspector: Inspector, { value, own }: MapJob, positions: number): MoreColumns {
  const missing = OWNERS.filter((name) => !value.columns.includes(name));
  const why = missing.length === 0 ? undefined : whyNoOwners(inspector, positions);
  const notes = why === undefined ? [] : [`Pages have no class and owner here: ${why}.`];
  const columns = why === undefined ? [...TOLD, ...missing] : TOLD;
  if (own.some((column) => column.name === 'migratetype')) return { columns, own: [], notes };
  try {
    return { columns, own: MAP_VALUES.migratetype.open?.(inspector, () => {}) ?? [], notes };
  } catch (error) {
    if (!(error instanceof StructPageError)) throw error;
    return {
      columns,
      own: [],
      notes: [...notes, 'Pages have no migratetype here: this dump does not tell it.'],
    };
  }
}

/** Why the owners of pages cannot be told, or not all of them; undefined if they can. */
function whyNoOwners(inspector: Inspector, positions: number): string | undefined {
  if (positions > MOST_FOR_OWNERS) return 'there are too many pages to look for them, unless with --by owner';
  const { kernel } = inspector;
  try {
    const resources = kernel.symbol(RESOURCES);
    if (resources !== undefined) kernel.space.read(resources, kernel.space.model.wordBytes, RESOURCES);
    // throws as well if what leads to processes and files cannot be read at all
    inspector.selectSync({ columns: OWNERS, limit: 1 }).next();
  } catch (error) {
    if (error instanceof StructPageError) return error.message;
    throw error;
  }
  const [gap] = inspector.gaps;
  return gap && `the ${gap.what} could not be followed to the end (${gap.why})`;
}
