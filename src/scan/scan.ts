import { intersect, type Range } from '../core/ranges.ts';
import type { ColumnName } from '../decode/columns/registry.ts';
import { Decoder, type PickedRows } from '../decode/decode.ts';
import type { KpageFacts } from '../decode/kpage-facts.ts';
import type { PageMaps } from '../decode/page-maps.ts';
import type { SlabCaches } from '../decode/slab-caches.ts';
import type { PageLayout } from '../layout/page-layout.ts';
import type { Address } from '../loops/loops.ts';
import { type Batch, batches } from '../memmap/batches.ts';
import { PAGE_STATES, type PageReader, type PageState } from '../memmap/page-reader.ts';
import { Filter } from '../views/expression/filter.ts';
import { columnsOf, type Expression } from '../views/expression/syntax.ts';

/** How many struct pages were met, by what became of them. */
export type PageCounts = Record<PageState, number>;

/** Counts that start at zero, one for each state. */
export function noCounts(): PageCounts {
  return Object.fromEntries(PAGE_STATES.map((s) => [s, 0])) as PageCounts;
}

/** What is wanted of the pages that are read, as plain data. */
export interface ScanPlan {
  readonly columns: readonly ColumnName[];
  readonly where: Expression | undefined;
  /** No more rows than this. */
  readonly limit: number | undefined;
  /** What the columns of the kernel's own answers need. */
  readonly kpage: KpageFacts | undefined;
  /** What columns need that are found out before pages are decoded. */
  readonly maps?: PageMaps | undefined;
  /** What batches begin at multiples of, so that no free block lies across their edge. */
  readonly alignment?: number;
}

/** What pages are read and decoded by. */
export interface ScanSource {
  readonly layout: PageLayout;
  readonly reader: PageReader;
  readonly caches: SlabCaches;
}

/** A scan of `source`; what becomes of the struct pages that are met is added to `counts`. */
export function openScan(source: ScanSource, plan: ScanPlan, counts: PageCounts): Scan {
  const { layout, reader, caches } = source;
  return new Scan(
    new Decoder(layout, reader, caches, plan.columns, plan.kpage, undefined, plan.maps),
    plan,
    counts,
  );
}

/** Pages of the first batch at the most, so that the first rows are there at once. */
const FIRST_PAGES = 4096;
const FEWEST_PAGES = 64;
/** countStates() has room for so many. */
const STATE_SLOTS = 16;

/** How many pages a scan reads first. */
export function firstPages({ where, limit }: ScanPlan): number {
  return where ? FIRST_PAGES : Math.min(FIRST_PAGES, Math.max(FEWEST_PAGES, limit ?? FIRST_PAGES));
}

/** Reads batches of pages and picks the rows that are wanted. */
export class Scan {
  readonly decoder: Decoder;
  readonly counts: PageCounts;
  readonly #filter: Filter | undefined;
  readonly #withState: boolean;
  readonly #rows: Address;
  readonly #stateCounts: Address;
  #left: number;
  readonly #first: number;
  readonly #alignment: number | undefined;

  constructor(decoder: Decoder, plan: ScanPlan, counts: PageCounts) {
    const { columns, where, limit } = plan;
    const { loops, capacity } = decoder.pages;
    this.decoder = decoder;
    this.counts = counts;
    this.#filter = where && new Filter(decoder, where);
    // rows for pages that could not be read are for those only who ask why
    this.#withState =
      columns.includes('state') || (where !== undefined && columnsOf(where).includes('state'));
    this.#left = limit ?? Number.POSITIVE_INFINITY;
    this.#first = firstPages(plan);
    this.#alignment = plan.alignment;
    this.#rows = loops.allocate(capacity * 4 + 8);
    this.#stateCounts = loops.allocate(STATE_SLOTS * 4);
  }

  /** Whether the limit has been reached. */
  get isFull(): boolean {
    return this.#left <= 0;
  }

  /** The rows of each batch in turn, those without any among them. */
  *run(wanted: readonly Range[]): Generator<PickedRows> {
    for (const batch of batches(wanted, this.#first, this.#alignment)) {
      if (this.isFull) return;
      yield this.read(batch, wanted);
    }
  }

  /** Reads one batch and picks the rows of it that are wanted. */
  read(batch: Batch, wanted: readonly Range[]): PickedRows {
    const { decoder } = this;
    const { run } = decoder.pages.loops;
    const { states } = decoder.pages;
    decoder.read(batch.start, batch.end - batch.start);
    decoder.doubt();
    const bits = this.#filter ? this.#filter.run() : 0;
    const none = this.#filter !== undefined && bits === 0;
    if (none && batch.from === batch.start && decoder.readable === decoder.count) {
      this.counts.ok += decoder.count;
      return { at: this.#rows, first: 0, count: 0 };
    }
    const parts = intersect(wanted, [{ start: batch.from, end: batch.end }]);
    const [only] = parts;
    const whole = !this.#filter && parts.length === 1 && decoder.readable === decoder.count;
    if (whole && only && only.end - only.start <= this.#left) {
      const count = only.end - only.start;
      this.counts.ok += count;
      this.#left -= count;
      return { at: 0, first: only.start - batch.start, count };
    }
    let count = 0;
    for (const range of parts) {
      const start = range.start - batch.start;
      const end = range.end - batch.start;
      run.countStates(states, start, end, this.#stateCounts);
      if (none) continue;
      const room = Math.min(this.#left - count, decoder.pages.capacity);
      const to = this.#rows + count * 4;
      count += run.pickRows(bits, states, start, end, Number(this.#withState), room, to);
    }
    this.#left -= count;
    this.#addCounts();
    return { at: this.#rows, first: 0, count };
  }

  #addCounts(): void {
    const slots = this.decoder.pages.loops.words(this.#stateCounts, STATE_SLOTS);
    for (const [code, state] of PAGE_STATES.entries()) this.counts[state] += slots[code]!;
    slots.fill(0);
  }
}
