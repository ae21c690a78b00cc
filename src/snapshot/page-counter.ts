import { MOVABILITY } from '../classify/movability.ts';
import type { Pfn } from '../core/address.ts';
import type { ColumnName } from '../decode/columns/registry.ts';
import { type NameColumn, type NumberColumn, nameOf, type SetColumn } from '../table/column.ts';
import type { TableBatch } from '../table/table.ts';
import { Counts, Names } from './codes.ts';

/** How pageblocks are found in memory. */
export interface Blocks {
  /** Log2 of the pages of a pageblock. */
  readonly order: number;
  /** The migratetype of a page's block; undefined if the memory does not tell. */
  migratetype(pfn: Pfn): string | undefined;
}

/** What is counted beside types, free blocks, pageblocks and slab caches. */
export interface CounterOptions {
  /** The class of each pfn, if classes are known: a row of PAGE_CLASSES. */
  readonly classes: Uint8Array | undefined;
  readonly memcgs: boolean;
}

/** What must happen to a pageblock for it to become free. */
export const BLOCK_STATES = ['free', 'movable', 'unmovable'] as const;
const [FREE, MOVABLE, UNMOVABLE] = [0, 1, 2];

/** A node and zone. */
export interface Place {
  readonly node: number;
  readonly zone: string;
}

/** The columns that are counted, beside `pfn`; `memcg` only if it is asked for. */
export function countedColumns({ memcgs }: CounterOptions): ColumnName[] {
  const always = ['node', 'zone', 'type', 'mapping_kind', 'flags', 'free_order', 'slab_cache'] as const;
  return [...always, ...(memcgs ? ['memcg' as const] : [])];
}

/** Pages without a type are counted by their mapping, or as one of these. */
const RESERVED = 'reserved';
const OTHER = 'other';
const NO_MAPPING = 'none';
/** The code of a row without a name. */
const NO_NAME = 0xffffffff;
const MAX_ORDERS = 64;
/** Types and mappings whose pages the kernel can move (mm/migrate.c); those by mapping only on an LRU list. */
const MOVABLE_TYPES: readonly string[] = ['hugetlb'];
const MOVABLE_KINDS: readonly string[] = ['anon', 'ksm', 'file', 'movable'];

/** Counts pages by place and by what a summary of a snapshot shows, batch by batch in ascending order of pfn. */
export class PageCounter {
  readonly #blocks: Blocks;
  readonly #options: CounterOptions;
  readonly places: Place[] = [];
  #lastPlace = 0;
  #flagNames: readonly string[] | undefined;
  #masks: { readonly reserved: Mask; readonly lru: Mask } = { reserved: [0, 0], lru: [0, 0] };

  readonly types: Names = new Names();
  readonly caches: Names = new Names();
  readonly memcgs: Names = new Names();
  readonly migratetypes: Names = new Names();

  readonly byType: Counts = new Counts();
  /** By row of PAGE_CLASSES. */
  readonly byClass: Counts = new Counts();
  readonly byCache: Counts = new Counts();
  readonly byMemcg: Counts = new Counts();
  /** Blocks by order and migratetype: order + 64 * (1 + code), 0 for a migratetype that is not known. */
  readonly freeBlocks: Counts = new Counts();
  /** Pages by the state of their block and its migratetype: state + 3 * (1 + code). */
  readonly byBlock: Counts = new Counts();

  pages = 0;
  #block = -1;
  #blockPlace = 0;
  #blockType = 0;
  #blockState = FREE;
  #blockPages = 0;

  constructor(blocks: Blocks, options: CounterOptions) {
    this.#blocks = blocks;
    this.#options = options;
    this.types.code(RESERVED);
    this.types.code(OTHER);
  }

  /**
   * Counts all rows of a batch. `first` is the pfn of the first one, if the rows follow each other; otherwise the batch has
   * the column `pfn`.
   */
  add(batch: TableBatch, first?: Pfn): void {
    const { count, columns } = batch;
    if (count === 0) return;
    const rows = this.#rowsOf(columns);
    if (first !== undefined) this.#addStretch(rows, 0, count, first);
    else {
      const { values: pfns } = columns.get('pfn') as NumberColumn;
      for (let row = 0; row < count; ) {
        let end = row + 1;
        if (pfns[count - 1]! - pfns[row]! === count - 1 - row) end = count;
        else while (end < count && pfns[end] === pfns[end - 1]! + 1) end++;
        this.#addStretch(rows, row, end, pfns[row]!);
        row = end;
      }
    }
    this.pages += count;
  }

  /** Counts the rows of pages that follow each other, pageblock by pageblock. */
  #addStretch(rows: Rows, from: number, to: number, first: Pfn): void {
    const size = 2 ** this.#blocks.order;
    for (let row = from; row < to; ) {
      const pfn = first + row - from;
      const end = Math.min(to, row + size - (pfn % size));
      this.#addAlike(rows, row, end, pfn);
      row = end;
    }
  }

  /** Counts rows of one pageblock. Neighbouring pages are mostly alike, so runs of equal rows are counted. */
  #addAlike(rows: Rows, from: number, to: number, first: Pfn): void {
    const { node, zone, type, kind, low, high, order, notFree, cache, memcg } = rows;
    const { classes } = this.#options;
    const [lowMask, highMask] = rows.masks;
    let start = from;
    for (let i = from + 1; i < to; i++) {
      const before = i - 1;
      if (
        type[i] === type[before] &&
        kind[i] === kind[before] &&
        order[i] === order[before] &&
        ((low[i]! ^ low[before]!) & lowMask) === 0 &&
        cache[i] === cache[before] &&
        node[i] === node[before] &&
        zone[i] === zone[before] &&
        ((high[i]! ^ high[before]!) & highMask) === 0 &&
        (notFree === undefined || notFree[i] === notFree[before]) &&
        (memcg === undefined || memcg[i] === memcg[before]) &&
        (classes === undefined || classes[first + i - from] === classes[first + i - from - 1])
      )
        continue;
      this.#count(rows, start, first + start - from, i - start);
      start = i;
    }
    this.#count(rows, start, first + start - from, to - start);
  }

  /** Counts the last pageblock; call it after the last batch. */
  end(): void {
    if (this.#blockPages === 0) return;
    const code = this.#blockState + BLOCK_STATES.length * this.#blockType;
    this.byBlock.add(this.#blockPlace, code, this.#blockPages);
    this.#blockPages = 0;
  }

  /** Counts `pages` rows from `row` on, which are alike and lie in one pageblock. */
  #count(rows: Rows, row: number, pfn: Pfn, pages: number): void {
    const { classes } = this.#options;
    const { columns } = rows;
    const place = this.#place(rows.node[row]!, nameOf(columns.zone.names, rows.zone[row]!));
    const [own, isTyped] = this.#typeOf(rows, row);
    this.byType.add(place, own, pages);
    if (classes) this.byClass.add(place, classes[pfn]!, pages);
    const cache = this.caches.codeIn(columns.cache, row);
    if (cache >= 0) this.byCache.add(0, cache, pages);
    const memcg = columns.memcg === undefined ? -1 : this.memcgs.codeIn(columns.memcg, row);
    if (memcg >= 0) this.byMemcg.add(0, memcg, pages);
    const isFree = rows.notFree?.[row] !== 1;
    const state = isFree ? FREE : this.#stateOf(rows, row, pfn, isTyped ? own : -1);
    this.#addToBlock(pfn, place, pages, state);
    if (isFree) {
      const order = rows.order[row]!;
      const size = 2 ** order;
      const blocks = Math.ceil((pfn + pages) / size) - Math.ceil(pfn / size);
      this.freeBlocks.add(place, order + MAX_ORDERS * this.#blockType, blocks);
    }
  }

  #addToBlock(pfn: Pfn, place: number, pages: number, state: number): void {
    const block = Math.floor(pfn / 2 ** this.#blocks.order);
    if (block !== this.#block || place !== this.#blockPlace) {
      this.end();
      if (block !== this.#block) {
        this.#blockType = 1 + this.migratetypes.code(this.#blocks.migratetype(pfn) ?? '');
      }
      [this.#block, this.#blockPlace, this.#blockState] = [block, place, FREE];
    }
    this.#blockPages += pages;
    if (state > this.#blockState) this.#blockState = state;
  }

  /** The type of a row, or what stands for one, and whether it has one. */
  #typeOf({ columns, low, high, reserved }: Rows, row: number): [number, boolean] {
    const own = this.types.codeIn(columns.type, row);
    if (own >= 0) return [own, true];
    const kind = nameOf(columns.kind.names, columns.kind.codes[row]!);
    if (kind !== NO_MAPPING && kind !== '' && !columns.kind.empty?.[row])
      return [this.types.code(kind), false];
    const isReserved = (low[row]! & reserved[0]) | (high[row]! & reserved[1]);
    return [this.types.code(isReserved ? RESERVED : OTHER), false];
  }

  /** What must happen to a page in use; `type` is -1 for a page without one. */
  #stateOf({ columns, low, high, lru }: Rows, row: number, pfn: Pfn, type: number): number {
    const { classes } = this.#options;
    if (classes) {
      const how = MOVABILITY[classes[pfn]!];
      return how === 'free' ? FREE : how === 'movable' ? MOVABLE : UNMOVABLE;
    }
    if (type >= 0) return MOVABLE_TYPES.includes(this.types.list[type]!) ? MOVABLE : UNMOVABLE;
    const isOnList = ((low[row]! & lru[0]) | (high[row]! & lru[1])) !== 0;
    const kind = nameOf(columns.kind.names, columns.kind.codes[row]!);
    return isOnList && MOVABLE_KINDS.includes(kind) ? MOVABLE : UNMOVABLE;
  }

  #rowsOf(columns: TableBatch['columns']): Rows {
    const named = (name: ColumnName): NameColumn => columns.get(name) as NameColumn;
    const flags = columns.get('flags') as SetColumn;
    const free = columns.get('free_order') as NumberColumn;
    if (flags.names !== this.#flagNames) {
      this.#flagNames = flags.names;
      this.#masks = { reserved: maskOf(flags, RESERVED), lru: maskOf(flags, 'lru') };
    }
    const { reserved, lru } = this.#masks;
    const memcg = this.#options.memcgs ? named('memcg') : undefined;
    const own = {
      zone: named('zone'),
      kind: named('mapping_kind'),
      type: named('type'),
      cache: named('slab_cache'),
      memcg,
    };
    return {
      columns: own,
      node: (columns.get('node') as NumberColumn).values,
      zone: own.zone.codes,
      type: own.type.codes,
      kind: own.kind.codes,
      low: flags.low,
      high: flags.high,
      reserved,
      lru,
      masks: [reserved[0] | lru[0], reserved[1] | lru[1]],
      order: free.values,
      notFree: free.empty,
      cache: presentCodes(own.cache),
      memcg: memcg && presentCodes(memcg),
    };
  }

  #place(node: number, zone: string): number {
    const { places } = this;
    const last = places[this.#lastPlace];
    if (last?.node === node && last.zone === zone) return this.#lastPlace;
    const found = places.findIndex((place) => place.node === node && place.zone === zone);
    this.#lastPlace = found >= 0 ? found : places.push({ node, zone }) - 1;
    return this.#lastPlace;
  }
}

/** The columns of a batch, ready to be counted. */
interface Rows {
  readonly columns: {
    readonly zone: NameColumn;
    readonly kind: NameColumn;
    readonly type: NameColumn;
    readonly cache: NameColumn;
    readonly memcg: NameColumn | undefined;
  };
  readonly node: NumberColumn['values'];
  readonly zone: NameColumn['codes'];
  readonly type: NameColumn['codes'];
  readonly kind: NameColumn['codes'];
  readonly low: Uint32Array;
  readonly high: Uint32Array;
  /** The bits of flags, in the low and the high half. */
  readonly reserved: Mask;
  readonly lru: Mask;
  readonly masks: Mask;
  readonly order: NumberColumn['values'];
  /** 1 for a page that is not in a free block. */
  readonly notFree: Uint8Array | undefined;
  readonly cache: ArrayLike<number>;
  readonly memcg: ArrayLike<number> | undefined;
}

type Mask = readonly [low: number, high: number];

function maskOf({ names }: SetColumn, name: string): Mask {
  const at = names.indexOf(name);
  if (at < 0) return [0, 0];
  return at < 32 ? [1 << at, 0] : [0, 1 << (at - 32)];
}

/** The codes of a column, with a code beyond all names where a row has no value. */
function presentCodes({ codes, empty }: NameColumn): ArrayLike<number> {
  if (!empty?.includes(1)) return codes;
  const out = Uint32Array.from(codes);
  for (let i = 0; i < out.length; i++) if (empty[i]) out[i] = NO_NAME;
  return out;
}
