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

/** Number of struct pages by state. */
export type PageCounts = Record<PageState, number>;

/** Counts of zero for each state. */
export function noCounts(): PageCounts {
  return Object.fromEntries(PAGE_STATES.map((s) => [s, 0])) as PageCounts;
}

/** What to decode and select, as plain data. */
export interface ScanPlan {
  readonly columns: readonly ColumnName[];
  readonly where: Expression | undefined;
  /** Maximum number of rows. */
  readonly limit: number | undefined;
  /** The facts for the columns of the kernel's own answers. */
  readonly kpage: KpageFacts | undefined;
  /** Results that are computed before pages are decoded. */
  readonly maps?: PageMaps | undefined;
  /** The alignment of batches, so that no free block crosses their edges. */
  readonly alignment?: number;
}

/** The parts that read and decode pages. */
export interface ScanSource {
  readonly layout: PageLayout;
  readonly reader: PageReader;
  readonly caches: SlabCaches;
}

/** A scan of `source`; adds the struct pages that it meets to `counts`, by state. */
export function openScan(source: ScanSource, plan: ScanPlan, counts: PageCounts): Scan {
  const { layout, reader, caches } = source;
  return new Scan(
    new Decoder(layout, reader, caches, plan.columns, plan.kpage, undefined, plan.maps),
    plan,
    counts,
  );
}

/** Maximum size of the first batch, so that the first rows appear at once. */
const FIRST_PAGES = 4096;
const FEWEST_PAGES = 64;
/** Number of states for which countStates() has room. */
const STATE_SLOTS = 16;

/** Number of pages that a scan reads first. */
export function firstPages({ where, limit }: ScanPlan): number {
  return where ? FIRST_PAGES : Math.min(FIRST_PAGES, Math.max(FEWEST_PAGES, limit ?? FIRST_PAGES));
}

/** Reads batches of pages and selects rows. */
export class Scan {
  readonly decoder: Decoder;
  readonly counts: PageCounts;
  readonly #filter: Filter | undefined;
  readonly #withState: boolean;
  readonly #rows: Address;
  readonly #stateCounts: Address;
  /** How many rows have been picked so far. */
  rows = 0;
  #left: number;
  readonly #first: number;
  readonly #alignment: number | undefined;

  constructor(decoder: Decoder, plan: ScanPlan, counts: PageCounts) {
    const { columns, where, limit } = plan;
    const { loops, capacity } = decoder.pages;
    this.decoder = decoder;
    this.counts = counts;
    this.#filter = where && new Filter(decoder, where);
    // pages that could not be read are rows only if their state is requested
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

  /** The rows of each batch in turn, even if there are none. */
  *run(wanted: readonly Range[]): Generator<PickedRows> {
    for (const batch of batches(wanted, this.#first, this.#alignment)) {
      if (this.isFull) return;
      yield this.read(batch, wanted);
    }
  }

  /** Reads one batch and selects its rows. */
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
      this.rows += count;
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
    this.rows += count;
    this.#addCounts();
    return { at: this.#rows, first: 0, count };
  }

  #addCounts(): void {
    const slots = this.decoder.pages.loops.words(this.#stateCounts, STATE_SLOTS);
    for (const [code, state] of PAGE_STATES.entries()) this.counts[state] += slots[code]!;
    slots.fill(0);
  }
}
