import { PAGE_CLASSES } from '../classify/classes.ts';
import { MOVABILITY } from '../classify/movability.ts';
import type { Pfn } from '../core/address.ts';
import { StructPageError } from '../core/errors.ts';
import type { Inspector } from '../inspector/inspector.ts';
import { slabCaches } from '../objects/slab/cache.ts';
import { migratetypeNames } from './remainder.ts';
import { defineTable, type TableDefinition, type Trouble } from './table-definition.ts';

/** ___GFP_RECLAIMABLE (include/linux/gfp_types.h): a shrinker can empty the slabs of a cache that allocates with it. */
const RECLAIMABLE = 0x10;
/** Maximum number of blockers in a row. */
const MOST_BLOCKERS = 3;

/** A pageblock, with its pages counted by what would free them. */
interface Block {
  readonly pfn: Pfn;
  readonly node: number;
  readonly zone: string;
  free: number;
  movable: number;
  reclaimable: number;
  unmovable: number;
  first: Pfn | undefined;
  /** Unmovable pages by class. */
  readonly blockers: Map<string, number>;
}

/** Pageblocks, sorted by the effort to turn them into free huge pages. */
export const pageblocks: TableDefinition = defineTable({
  name: 'pageblocks',
  help: 'pageblocks by the pages that must move to free a huge page, fewest first',
  columns: [
    { name: 'pfn', kind: 'number', help: 'first page of the block' },
    { name: 'node', kind: 'number', help: 'NUMA node', numbers: 'uint32' },
    { name: 'zone', kind: 'name', help: 'zone, as /proc/zoneinfo names it' },
    { name: 'type', kind: 'name', mayBeEmpty: true, help: 'migratetype of the block' },
    { name: 'free', kind: 'number', help: 'free pages' },
    { name: 'movable', kind: 'number', help: 'pages that the kernel can move' },
    { name: 'reclaimable', kind: 'number', help: 'pages of slabs that a shrinker can empty' },
    { name: 'unmovable', kind: 'number', help: 'pages that cannot move' },
    { name: 'first_blocker', kind: 'number', mayBeEmpty: true, help: 'first page that cannot move' },
    {
      name: 'blockers',
      kind: 'name',
      mayBeEmpty: true,
      help: 'classes or slab caches of the pages that cannot move, with their number',
    },
  ],
  *rows(inspector, trouble) {
    const typeOf = migratetypeNames(inspector, trouble);
    // a pageblock is as large as a huge page: the order of a PMD
    const order = inspector.kernel.space.walker.tables.mode.levels.at(-1)!.bits;
    const blocks = [...countBlocks(inspector, order, trouble)];
    blocks.sort((a, b) => a.unmovable - b.unmovable || costOf(a) - costOf(b) || a.pfn - b.pfn);
    for (const { pfn, node, zone, free, movable, reclaimable, unmovable, first, blockers } of blocks) {
      yield {
        pfn,
        node,
        zone,
        type: typeOf(pfn),
        free,
        movable,
        reclaimable,
        unmovable,
        first_blocker: first,
        blockers: blockers.size === 0 ? undefined : named(blockers),
      };
    }
  },
});

function costOf({ movable, reclaimable }: Block): number {
  return movable + reclaimable;
}

function named(blockers: ReadonlyMap<string, number>): string {
  const all = [...blockers].sort((a, b) => b[1] - a[1]);
  const most = all.slice(0, MOST_BLOCKERS).map(([name, count]) => `${name} ${count}`);
  const rest = all.slice(MOST_BLOCKERS).reduce((sum, [, count]) => sum + count, 0);
  return [...most, ...(rest > 0 ? [`others ${rest}`] : [])].join(', ');
}

/** Every pageblock with memory. Pages without a struct page, and pages in holes, prevent a huge page. */
function* countBlocks(inspector: Inspector, order: number, trouble: Trouble): Generator<Block> {
  const { codes } = inspector.classes;
  const { pinned } = inspector.references;
  const reclaimable = reclaimableCaches(inspector, trouble);
  const slab = PAGE_CLASSES.map((c) => c.name === 'slab');
  const hole = PAGE_CLASSES.map((c) => c.name === 'hole');
  const size = 2 ** order;
  let block: Block | undefined;
  let holes = 0;
  let nextPinned = 0;
  const done = function* (): Generator<Block> {
    if (block && holes < size) yield block;
  };
  const columns = ['pfn', 'node', 'zone', 'slab_cache'] as const;
  for (const { batch, rows } of inspector.selectSync({ columns })) {
    const node = batch.columns.get('node').values;
    const zone = batch.columns.get('zone');
    const cache = batch.columns.get('slab_cache');
    for (const row of rows) {
      const pfn = batch.start + row;
      const start = pfn - (pfn % size);
      if (block?.pfn !== start) {
        yield* done();
        holes = 0;
        const name = zone.names[zone.codes[row]!] ?? '';
        block = { pfn: start, node: node[row]!, zone: name, ...NOTHING, blockers: new Map() };
      }
      const code = codes[pfn]!;
      let kind = MOVABILITY[code]!;
      if (hole[code]) holes++;
      while (nextPinned < pinned.length && pinned[nextPinned]! < pfn) nextPinned++;
      const isPinned = pinned[nextPinned] === pfn;
      const owner = cache.names[cache.codes[row]!] ?? '';
      if (slab[code] && reclaimable.has(owner)) kind = 'reclaimable';
      if (isPinned && kind === 'movable') kind = 'unmovable';
      block[kind]++;
      if (kind !== 'unmovable') continue;
      block.first ??= pfn;
      const what = isPinned
        ? `pinned ${PAGE_CLASSES[code]!.name}`
        : slab[code]
          ? `slab ${owner}`
          : PAGE_CLASSES[code]!.name;
      block.blockers.set(what, (block.blockers.get(what) ?? 0) + 1);
    }
  }
  yield* done();
}

const NOTHING = { free: 0, movable: 0, reclaimable: 0, unmovable: 0, first: undefined } as const;

function reclaimableCaches({ objects }: Inspector, trouble: Trouble): Set<string> {
  const found = new Set<string>();
  try {
    const type = objects.struct('kmem_cache');
    for (const { address, name } of slabCaches(objects)) {
      if ((type.number(address, 'allocflags') & RECLAIMABLE) !== 0) found.add(name);
    }
  } catch (error) {
    if (!(error instanceof StructPageError)) throw error;
    trouble(`cannot tell reclaimable slab caches: ${error.message}`);
  }
  return found;
}
