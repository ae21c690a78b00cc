import type { FreeRow, SnapshotFacts, SummaryRow } from '../../snapshot/schema.ts';
import type { Column, ColumnSpec } from '../../table/column.ts';
import type { TableBatch } from '../../table/table.ts';
import type { Catalogue } from './catalogue.ts';
import { COUNTED, copyPages, emptyPages, NAMED, TILE, type Tile, type TileCounts } from './tile.ts';

/** Tiles of a batch of pages. */
const BATCH_TILES = 64;
const MIB = 1048576;
/** Hosts of at least so many tiles have two nodes. */
const TWO_NODES = 1024;

/** A part of a host that is in one node and one zone. */
interface Span {
  readonly node: number;
  readonly zone: string;
  readonly first: number;
  readonly end: number;
}

/** The zones of a host of so many tiles, as on x86-64. */
export function spansOf(tiles: number, pageSize: number): Span[] {
  const at = (bytes: number): number => Math.min(tiles, Math.ceil(bytes / (TILE * pageSize)));
  const half = tiles >= TWO_NODES ? Math.max(at(4096 * MIB), Math.floor(tiles / 2)) : tiles;
  const spans = [
    { node: 0, zone: 'DMA', first: 0, end: at(16 * MIB) },
    { node: 0, zone: 'DMA32', first: at(16 * MIB), end: at(4096 * MIB) },
    { node: 0, zone: 'Normal', first: at(4096 * MIB), end: half },
    { node: 1, zone: 'Normal', first: half, end: tiles },
  ];
  return spans.filter(({ first, end }) => end > first);
}

type Counts = { -readonly [K in keyof TileCounts]: Map<number, number> };

function countsOf(tiles: readonly Tile[], { first, end }: Span): Counts {
  const times = new Map<Tile, number>();
  for (let i = first; i < end; i++) times.set(tiles[i]!, (times.get(tiles[i]!) ?? 0) + 1);
  const sums: Counts = {
    classes: new Map(),
    types: new Map(),
    caches: new Map(),
    memcgs: new Map(),
    freeBlocks: new Map(),
  };
  for (const [{ counts }, n] of times) {
    for (const key of Object.keys(sums) as (keyof Counts)[]) {
      for (const [code, count] of counts[key]) sums[key].set(code, (sums[key].get(code) ?? 0) + n * count);
    }
  }
  return sums;
}

/** Rows of `summary` and `free` over the tiles of a host. */
export function* countRows(
  tiles: readonly Tile[],
  { dictionary: { names }, pageSize }: Catalogue,
  facts: SnapshotFacts,
): Generator<{ readonly summary: SummaryRow } | { readonly free: FreeRow }> {
  const group = (by: string, pages: number) => ({ ...facts, ...NOTHING, by, pages, bytes: pages * pageSize });
  const caches = new Map<number, number>();
  const memcgs = new Map<number, number>();
  for (const span of spansOf(tiles.length, pageSize)) {
    const { node, zone } = span;
    const counts = countsOf(tiles, span);
    for (const [code, n] of counts.classes) {
      yield { summary: { ...group('class', n), node, zone, name: names.class[code] } };
    }
    for (const [order, blocks] of counts.freeBlocks) {
      // small blocks lie between pages that cannot be moved
      const migratetype = order < 4 ? 'Unmovable' : 'Movable';
      yield { summary: { ...group('free', blocks * 2 ** order), node, zone, order, migratetype } };
      yield { free: { ...facts, node, zone, order, migratetype, blocks } };
    }
    for (const [code, n] of counts.caches) caches.set(code, (caches.get(code) ?? 0) + n);
    for (const [code, n] of counts.memcgs) memcgs.set(code, (memcgs.get(code) ?? 0) + n);
  }
  for (const [code, n] of caches)
    yield { summary: { ...group('slab_cache', n), name: names.slab_cache[code] } };
  for (const [code, n] of memcgs) yield { summary: { ...group('memcg', n), name: names.memcg[code] } };
}

const NOTHING = {
  node: undefined,
  zone: undefined,
  name: undefined,
  order: undefined,
  migratetype: undefined,
  objects: undefined,
} as const;

/** The pages of a host as columns of `pages`, in order of pfn. */
export function* pageBatches(tiles: readonly Tile[], catalogue: Catalogue): Generator<TableBatch> {
  const { names, flags } = catalogue.dictionary;
  const spans = spansOf(tiles.length, catalogue.pageSize);
  const zones = spans.map((span) => span.zone);
  for (let first = 0; first < tiles.length; first += BATCH_TILES) {
    const some = tiles.slice(first, first + BATCH_TILES);
    const count = some.length * TILE;
    const pages = emptyPages(count);
    const node = new Uint8Array(count);
    const zone = new Uint8Array(count);
    for (const [i, tile] of some.entries()) {
      copyPages(pages, i * TILE, tile.pages, 0, TILE);
      const span = spans.findIndex((s) => first + i < s.end);
      node.fill(spans[span]!.node, i * TILE, (i + 1) * TILE);
      zone.fill(span, i * TILE, (i + 1) * TILE);
    }
    const pfns = new Float64Array(count);
    for (let i = 0; i < count; i++) pfns[i] = first * TILE + i;
    const columns: [ColumnSpec['name'], Column][] = [
      ['pfn', { kind: 'number', values: pfns }],
      ['flags', { kind: 'set', low: pages.flagsLow, high: pages.flagsHigh, names: flags }],
      ['node', { kind: 'number', values: node }],
      ['zone', { kind: 'name', codes: zone, names: zones }],
    ];
    for (const name of COUNTED) {
      columns.push([name, { kind: 'number', values: pages.numbers[name], empty: pages.absent[name] }]);
    }
    for (const name of NAMED)
      columns.push([name, { kind: 'name', codes: pages.codes[name], names: names[name] }]);
    yield { count, columns: new Map(columns) };
  }
}
