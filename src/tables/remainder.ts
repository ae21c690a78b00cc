import { PAGE_CLASSES } from '../classify/classes.ts';
import type { Pfn } from '../core/address.ts';
import { StructPageError } from '../core/errors.ts';
import type { Inspector } from '../inspector/inspector.ts';
import { textsOf } from '../proc/counters.ts';
import { Pageblocks } from '../proc/pageblocks.ts';
import { defineTable, type TableDefinition, type Trouble } from './table-definition.ts';

/** Adjacent unclaimed pages: one allocation, or several of the same kind. */
interface Run {
  readonly pfn: Pfn;
  pages: number;
  readonly order: number;
  readonly kind: string;
  readonly node: number;
  readonly zone: string;
  refcount: number;
}

/** Unclaimed pages, the longest runs first. */
export const remainder: TableDefinition = defineTable({
  name: 'remainder',
  help: 'unknown pages as runs of adjacent pages of one order, longest first',
  columns: [
    { name: 'pfn', kind: 'number', help: 'first page' },
    { name: 'pages', kind: 'number', help: 'pages of the run' },
    { name: 'order', kind: 'number', help: 'order of the compound pages of the run', numbers: 'uint8' },
    {
      name: 'kind',
      kind: 'name',
      mayBeEmpty: true,
      help: 'subclass of unknown: compound, tail, truncated, unread',
    },
    { name: 'node', kind: 'number', help: 'NUMA node', numbers: 'uint32' },
    { name: 'zone', kind: 'name', help: 'zone, as /proc/zoneinfo names it' },
    {
      name: 'pageblock',
      kind: 'name',
      mayBeEmpty: true,
      help: 'migratetype of the pageblock of the first page',
    },
    { name: 'references', kind: 'number', help: 'sum of the reference counts' },
  ],
  *rows(inspector, trouble) {
    const typeOf = migratetypeNames(inspector, trouble);
    const runs = [...runsOf(inspector)].sort((a, b) => b.pages - a.pages || a.pfn - b.pfn);
    for (const { pfn, pages, order, kind, node, zone, refcount } of runs) {
      yield {
        pfn,
        pages,
        order,
        kind: kind || undefined,
        node,
        zone,
        pageblock: typeOf(pfn),
        references: refcount,
      };
    }
  },
});

/** A tail of a block that is not compound continues the run of the previous page. */
function* runsOf(inspector: Inspector): Generator<Run> {
  const { codes } = inspector.classes;
  let run: Run | undefined;
  let end: Pfn = -1;
  const columns = ['pfn', 'order', 'node', 'zone', 'refcount'] as const;
  for (const { batch, rows } of inspector.selectSync({ columns, where: 'class == unknown' })) {
    const order = batch.columns.get('order');
    const node = batch.columns.get('node').values;
    const zone = batch.columns.get('zone');
    const refcount = batch.columns.get('refcount').values;
    for (const row of rows) {
      const pfn = batch.start + row;
      const subclass = PAGE_CLASSES[codes[pfn]!]!.subclass;
      const own = order.empty?.[row] ? 0 : order.values[row]!;
      const name = zone.names[zone.codes[row]!] ?? '';
      const continues =
        run && pfn === end && run.zone === name && run.node === node[row] && run.order === own;
      if (run && continues && (run.kind === subclass || subclass === 'tail')) {
        run.pages++;
        run.refcount += refcount[row]!;
      } else {
        if (run) yield run;
        run = {
          pfn,
          pages: 1,
          order: own,
          kind: subclass,
          node: node[row]!,
          zone: name,
          refcount: refcount[row]!,
        };
      }
      end = pfn + 1;
    }
  }
  if (run) yield run;
}

/** The name of the migratetype of a page's block; undefined if the memory does not tell. */
export function migratetypeNames(
  { objects, model }: Inspector,
  trouble: Trouble,
): (pfn: Pfn) => string | undefined {
  try {
    const blocks = new Pageblocks(objects, model);
    const names = textsOf(objects, 'migratetype_names', blocks.types);
    return (pfn) => {
      const type = blocks.migratetype(pfn);
      return type === undefined ? undefined : names[type];
    };
  } catch (error) {
    if (!(error instanceof StructPageError)) throw error;
    trouble(`cannot read the migratetypes of pageblocks: ${error.message}`);
    return () => undefined;
  }
}
