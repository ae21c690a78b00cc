import type { Pfn } from '../core/address.ts';
import type { PageLayout } from '../layout/page-layout.ts';
import type { Address } from '../loops/loops.ts';
import { BATCH_PAGES } from '../memmap/batches.ts';
import type { MemoryModel } from '../memmap/memory-model.ts';
import type { PageReader, RawPages } from '../memmap/page-reader.ts';
import type { Column } from '../table/column.ts';
import { ArrayPool } from './array-pool.ts';
import type { LaneContext } from './columns/page-column.ts';
import { PageColumns } from './columns/page-columns.ts';
import { type ColumnName, pageColumn } from './columns/registry.ts';
import type { Folios } from './folios.ts';
import type { KpageFacts } from './kpage-facts.ts';
import { KpageDecoder } from './kpageflags.ts';
import type { Lane } from './lanes.ts';
import { materialize, materializeAll, withUnread } from './materialize.ts';
import { type Fact, PageLoops } from './page-loops.ts';
import type { PageMaps } from './page-maps.ts';
import type { SlabCaches } from './slab-caches.ts';

/** 0, 1, 2, ... for all pages of a batch; made when it is first needed. */
let ramp: Uint32Array | undefined;

/** Decoded columns of neighbouring pages. Every array has `count` elements. */
export interface ColumnBatch<N extends string = ColumnName> {
  readonly start: Pfn;
  readonly count: number;
  readonly columns: PageColumns<N>;
  /** An index into PAGE_STATES per page; 0 is ok. */
  readonly states: Uint8Array;
}

/** Rows of the batch that a decoder holds, in the memory of the loops. */
export interface PickedRows {
  /** Address of their indices, in ascending order; 0 if they are all pages from `first` on. */
  readonly at: Address;
  readonly first: number;
  readonly count: number;
}

/** The rows of a batch that match a selection. */
export interface Rows<N extends string = ColumnName> {
  readonly batch: ColumnBatch<N>;
  /** Indices into the columns of the batch, ascending. */
  readonly rows: Uint32Array;
}

/** Counts the work done, so that tests can check that nothing unnecessary is done. */
export interface DecoderWork {
  /** Number of struct pages read, readable or not. */
  pages: number;
  /** Number of batches for which each column was decoded. */
  readonly columns: Map<ColumnName, number>;
  /** Number of batches that went through the folio pass. */
  folioPasses: number;
}

/**
 * Decodes struct pages in batches. A column is decoded when it is first requested; other columns cost nothing. A batch must
 * start at a multiple of the largest free block, or `type` and `free_order` are wrong.
 */
export class Decoder implements LaneContext {
  readonly columns: readonly ColumnName[];
  readonly layout: PageLayout;
  readonly model: MemoryModel;
  readonly pages: PageLoops;
  readonly maps: PageMaps | undefined;
  /** Where the memory of columns comes from. */
  readonly arrays: ArrayPool = new ArrayPool();
  readonly work: DecoderWork = { pages: 0, columns: new Map(), folioPasses: 0 };
  readonly #reader: PageReader;
  readonly #caches: SlabCaches;
  readonly #kpage: KpageDecoder | undefined;
  readonly #areas: Map<ColumnName, Address> = new Map();
  readonly #lanes: Map<ColumnName, Lane> = new Map();
  #raw: RawPages | undefined;
  /** Whether all states in the memory of the loops are `ok`, to avoid filling them again. */
  #areOk = false;
  /** How far the folio pass has run for this batch: not at all, all but heads, or completely. */
  #folios: 'none' | 'some' | 'all' = 'none';
  #kpageDone = false;
  #isDoubted = false;
  #lastStart = -1;
  readonly #scratch: (Address | undefined)[] = [];

  constructor(
    layout: PageLayout,
    reader: PageReader,
    caches: SlabCaches,
    columns: readonly ColumnName[],
    kpage?: KpageFacts,
    capacity: number = BATCH_PAGES,
    maps?: PageMaps,
  ) {
    this.maps = maps;
    this.layout = layout;
    this.model = reader.model;
    this.columns = columns;
    this.#reader = reader;
    this.#caches = caches;
    this.pages = new PageLoops(layout, reader, caches, capacity);
    this.#kpage = kpage && new KpageDecoder(layout, reader, this.pages.types, kpage);
  }

  /** Reads the struct pages of a batch into the memory of the loops. */
  read(start: Pfn, count: number): void {
    const { rawBytes, stateBytes, capacity } = this.pages;
    const states = count === capacity ? stateBytes : stateBytes.subarray(0, count);
    const raw = this.#reader.read(start, count, rawBytes, states, this.#areOk);
    this.#areOk = raw.readable === count && (this.#areOk || count === capacity);
    this.#begin(raw);
  }

  /** Gives pages that cannot be true the state `doubtful`. Call it before any column is requested. */
  doubt(): void {
    const raw = this.#raw!;
    const marked = this.pages.loops.run.doubt(raw.start, raw.count);
    this.#isDoubted = true;
    if (marked === 0) return;
    this.#areOk = false;
    this.#raw = { ...raw, readable: raw.readable - marked };
  }

  /** Whether some page of the batch may have all flags of a mask; false only if `doubt` has seen that none has. */
  mayHaveFlags(mask: bigint): boolean {
    return !this.#isDoubted || this.pages.loops.run.mayHaveFlags(mask) !== 0;
  }

  /** Decodes all columns of struct pages that were read before, into separate arrays. */
  decode(raw: RawPages): ColumnBatch {
    const { loops } = this.pages;
    const bytes = loops.bytes(this.pages.raw, raw.count * this.layout.size);
    const states = loops.bytes(this.pages.states, raw.count);
    bytes.set(raw.bytes);
    states.set(raw.states);
    this.#areOk = false;
    this.#begin({ ...raw, bytes, states });
    return this.batch();
  }

  /** The decoded batch, in separate arrays. */
  batch(): ColumnBatch {
    const { start, count } = this;
    const columns = new PageColumns();
    const all = materializeAll(
      this,
      this.columns.map((name) => this.lane(name)),
    );
    for (const [i, name] of this.columns.entries()) columns.set(name, this.#read(name, all[i]!));
    return { start, count, columns, states: this.states.slice() };
  }

  /** The first pfn of the batch. */
  get start(): Pfn {
    return this.#raw!.start;
  }

  get count(): number {
    return this.#raw!.count;
  }

  /** Number of readable pages in the batch. */
  get readable(): number {
    return this.#raw!.readable;
  }

  /** The indices of rows, in a separate array. */
  indices({ at, first, count }: PickedRows): Uint32Array {
    if (at !== 0) return this.pages.loops.words(at, count).slice();
    ramp ??= Uint32Array.from({ length: BATCH_PAGES }, (_, i) => i);
    return ramp.slice(first, first + count);
  }

  /** An index into PAGE_STATES for each page of the batch; valid until the next batch is read. */
  get states(): Uint8Array {
    return this.#raw!.states;
  }

  /** Names of the slab caches found so far, by code. */
  get cacheNames(): readonly string[] {
    return this.#caches.names;
  }

  readPages(start: Pfn, count: number): RawPages {
    return this.#reader.read(start, count);
  }

  /** The values of a column, in separate arrays. Values of a struct page that could not be read are empty. */
  column(name: ColumnName): Column {
    return this.#read(name, materialize(this, this.lane(name)));
  }

  /** A column without what struct pages would tell that could not be read. */
  #read(name: ColumnName, column: Column): Column {
    return this.readable === this.count || pageColumn(name).ofPlace
      ? column
      : withUnread(column, this.states);
  }

  /** The lane of a column; valid until the next batch is read. */
  lane(name: ColumnName): Lane {
    let lane = this.#lanes.get(name);
    if (!lane) {
      lane = this.#decode(name);
      this.#lanes.set(name, lane);
      this.work.columns.set(name, (this.work.columns.get(name) ?? 0) + 1);
    }
    return lane;
  }

  /** Runs the folio pass over the batch if it has not run. */
  folios(wantsHead = false): void {
    if (this.#folios === 'all' || (this.#folios === 'some' && !wantsHead)) return;
    this.pages.runFolios(this.start, this.count, wantsHead);
    this.#folios = wantsHead ? 'all' : 'some';
    this.work.folioPasses++;
  }

  /** An area in the memory of the loops reserved for a column. */
  area(name: ColumnName, bytesEach: number): Address {
    let at = this.#areas.get(name);
    if (at === undefined) {
      at = this.pages.loops.allocate(this.pages.capacity * bytesEach);
      this.#areas.set(name, at);
    }
    return at;
  }

  /** One of two output areas, with 4 bytes per page. */
  scratch(which: 0 | 1): Address {
    this.#scratch[which] ??= this.pages.loops.allocate(this.pages.capacity * 4);
    return this.#scratch[which];
  }

  #begin(raw: RawPages): void {
    this.#raw = raw;
    this.#lanes.clear();
    this.#folios = 'none';
    this.#kpageDone = false;
    // results for a folio may come from earlier contents of memory
    this.#kpage?.forget();
    // memory may have changed since, even in a dump
    if (!this.#reader.isSteady || raw.start <= this.#lastStart) this.pages.loops.run.forgetHeads();
    this.#lastStart = raw.start;
    this.#isDoubted = false;
    this.work.pages += raw.count;
  }

  #decode(name: ColumnName): Lane {
    const column = pageColumn(name);
    if (column.needs === 'kpage') this.#runKpage();
    else if (column.needs) this.folios(column.needs === 'heads');
    return column.lane(this);
  }

  #runKpage(): void {
    if (this.#kpageDone) return;
    this.folios(true);
    const { loops } = this.pages;
    this.#kpage!.decode(this.#raw!, this.#folioViews(), {
      flags: loops.words(this.area('kpageflags', 8), this.count * 2),
      counts: loops.ints(this.area('kpagecount', 4), this.count),
    });
    this.#kpageDone = true;
  }

  /** The facts of the batch, each in its own array. */
  #folioViews(): Folios {
    const { loops, head } = this.pages;
    const { count } = this;
    const at = this.scratch(0);
    const bytes = (name: Fact): Uint8Array => {
      const fact = this.pages.fact(name);
      loops.run.gather8(fact.at, fact.stride, count, at);
      return loops.bytes(at, count).slice();
    };
    const cache = this.pages.fact('cache');
    loops.run.gather16(cache.at, cache.stride, count, at);
    return {
      cache: loops.shorts(at, count).slice(),
      head: loops.doubles(head, count),
      order: bytes('order'),
      type: bytes('type'),
      kind: bytes('kind'),
      freeOrder: bytes('freeOrder'),
      place: bytes('place'),
    };
  }
}
