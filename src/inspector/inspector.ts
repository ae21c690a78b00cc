import type { Pfn } from '../core/address.ts';
import { UsageError } from '../core/errors.ts';
import { intersect, lengthOf, type Range, unite } from '../core/ranges.ts';
import { type ColumnName, DEFAULT_COLUMNS } from '../decode/columns.ts';
import { type ColumnBatch, checkColumns, Decoder } from '../decode/decode.ts';
import { kpageFacts } from '../decode/kpage-facts.ts';
import { SlabCaches } from '../decode/slab-caches.ts';
import { SteadyReader } from '../decode/steady-reader.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { PageLayout } from '../layout/page-layout.ts';
import type { TypeFacts } from '../layout/type-facts.ts';
import type { MemoryModel } from '../memmap/memory-model.ts';
import { PAGE_STATES, PageReader, type PageState } from '../memmap/page-reader.ts';
import type { OpenImage } from '../sources/image-format.ts';
import { evaluate } from '../views/expression/evaluate.ts';
import { columnsOf, type Expression, parseExpression } from '../views/expression/parse.ts';
import { addToSummary, emptySummary, SUMMARY_COLUMNS, type Summary } from '../views/summary.ts';

/** Pages that are read, decoded and handed out at a time; a multiple of the largest free block of every kernel. */
export const BATCH_PAGES = 65536;

/** Which pages, and what of them. */
export interface Selection {
  /** Columns in the order wanted; all but `state` if not given. */
  readonly columns?: readonly string[];
  /** Pfns, half-open ranges; all if not given. */
  readonly pfns?: readonly Range[];
  /** An expression over the columns, e.g. `type == slab && order >= 2`. */
  readonly where?: string;
  /** Whether `kpageflags` is to be right where the kernel errs (KSM in 6.10 to 7.0). */
  readonly correct?: boolean;
  /** No more rows than this. */
  readonly limit?: number;
}

/** Rows of a batch that a selection holds for. */
export interface Rows {
  readonly batch: ColumnBatch;
  /** Indices into the columns of the batch, ascending. */
  readonly rows: Uint32Array;
}

/** How many struct pages were met, by what became of them. */
export type PageCounts = Record<PageState, number>;

/** The parts of an open memory image. */
export interface InspectorParts {
  readonly image: OpenImage;
  readonly kernel: Kernel;
  readonly types: TypeFacts;
  readonly typesFrom: string;
  readonly model: MemoryModel;
  readonly layout: PageLayout;
  readonly warnings: readonly string[];
}

/** An open memory image: everything that users ask of one. Close it when done. */
export class Inspector {
  readonly image: OpenImage;
  readonly kernel: Kernel;
  readonly types: TypeFacts;
  /** Where the types come from, in words. */
  readonly typesFrom: string;
  readonly model: MemoryModel;
  readonly layout: PageLayout;
  readonly reader: PageReader;
  readonly caches: SlabCaches;
  /** What is doubtful about the image, one sentence each. */
  readonly warnings: readonly string[];

  constructor(parts: InspectorParts) {
    this.image = parts.image;
    this.kernel = parts.kernel;
    this.types = parts.types;
    this.typesFrom = parts.typesFrom;
    this.model = parts.model;
    this.layout = parts.layout;
    this.warnings = parts.warnings;
    this.reader = parts.image.live
      ? new SteadyReader(parts.kernel.space, parts.model, parts.layout)
      : new PageReader(parts.kernel.space, parts.model);
    this.caches = new SlabCaches(parts.kernel.space, parts.types);
  }

  close(): void {
    this.image.close();
  }

  /** A decoder of these columns for this kernel. */
  decoder(columns: readonly ColumnName[], correct = false): Decoder {
    const asks = columns.includes('kpageflags') || columns.includes('kpagecount');
    const kpage = asks ? kpageFacts(this.kernel, this.layout, this.model, correct) : undefined;
    return new Decoder(this.layout, this.reader, this.caches, columns, kpage);
  }

  /**
   * Decoded columns, up to 65,536 pages at a time, in ascending order of pfn. `rows` are those that the selection asks for:
   * pages whose struct page could not be read are among them only if the column `state` was asked for; `counts` has
   * all that were met.
   * Throws UsageError for a selection that cannot be meant.
   */
  async *select(selection: Selection = {}, counts: PageCounts = noCounts()): AsyncGenerator<Rows> {
    yield* this.selectSync(selection, counts);
  }

  /** `select` for those who need not wait: reading is synchronous. */
  *selectSync(selection: Selection = {}, counts: PageCounts = noCounts()): Generator<Rows> {
    const columns = checkColumns(selection.columns ?? DEFAULT_COLUMNS);
    if (columns.length === 0) throw new UsageError('no columns are named');
    const where = selection.where === undefined ? undefined : parseExpression(selection.where);
    const withState =
      columns.includes('state') || (where !== undefined && columnsOf(where).includes('state'));
    const decoder = this.decoder(
      [...new Set([...columns, ...(where ? columnsOf(where) : [])])],
      selection.correct,
    );
    const wanted = this.ranges(selection.pfns);
    const buffer = this.reader.buffer(BATCH_PAGES);
    let left = selection.limit ?? Infinity;
    const first = where ? FIRST_PAGES : Math.min(FIRST_PAGES, Math.max(64, left));
    for (const { start, end, from } of batches(wanted, first)) {
      if (left <= 0) return;
      const raw = this.reader.read(start, end - start, buffer);
      const batch = decoder.decode(raw);
      const inside = intersect(wanted, [{ start: from, end }]);
      const rows = pick(batch, inside, where, withState, counts, left);
      left -= rows.length;
      yield { batch, rows };
    }
  }

  /** The pfns of a selection that have a struct page. */
  ranges(pfns: readonly Range[] | undefined): Range[] {
    if (pfns === undefined) return [...this.model.present];
    for (const r of pfns) {
      if (!(r.start >= 0 && r.end > r.start))
        throw new UsageError(`pfns ${r.start} to ${r.end - 1} are no range`);
    }
    return intersect(unite(pfns), this.model.present);
  }

  /** Counts by type, flag, zone, order and slab cache over the pages of a selection, in one pass. */
  summary(selection: Omit<Selection, 'columns'> = {}, counts: PageCounts = noCounts()): Summary {
    const summary = emptySummary();
    for (const { batch, rows } of this.selectSync({ ...selection, columns: SUMMARY_COLUMNS }, counts)) {
      addToSummary(summary, batch, rows);
    }
    return summary;
  }

  /** Number of pfns that have a struct page. */
  get presentPages(): number {
    return lengthOf(this.model.present);
  }
}

/** Counts that start at zero, one for each state. */
export function noCounts(): PageCounts {
  return Object.fromEntries(PAGE_STATES.map((s) => [s, 0])) as PageCounts;
}

/**
 * Batches that cover the ranges. Each begins at a multiple of the largest free block, and is of use from `from` on. The first
 * one is small, so that the first rows are there at once.
 */
function* batches(ranges: readonly Range[], first: number): Generator<{ start: Pfn; end: Pfn; from: Pfn }> {
  let size = first;
  for (const range of ranges) {
    let from = range.start;
    while (from < range.end) {
      const start = Math.floor(from / ALIGNMENT) * ALIGNMENT;
      const end = Math.min(size < BATCH_PAGES ? from + size : nextMultiple(start, BATCH_PAGES), range.end);
      yield { start, end, from };
      from = end;
      size = BATCH_PAGES;
    }
  }
}

function nextMultiple(at: number, of: number): number {
  return (Math.floor(at / of) + 1) * of;
}

/** A free block of the largest order of any kernel starts at a multiple of this. */
const ALIGNMENT = 16384;
/** Pages of the first batch at the most. */
const FIRST_PAGES = 8192;

function pick(
  batch: ColumnBatch,
  inside: readonly Range[],
  where: Expression | undefined,
  withState: boolean,
  counts: PageCounts,
  limit: number,
): Uint32Array {
  const wanted = where && evaluate(where, batch);
  const rows = new Uint32Array(batch.count);
  let length = 0;
  for (const range of inside) {
    for (let i = range.start - batch.start; i < range.end - batch.start; i++) {
      const state = batch.states[i]!;
      counts[PAGE_STATES[state]!]++;
      if (state !== 0 && !withState) continue;
      if (wanted && wanted[i] === 0) continue;
      rows[length++] = i;
      if (length >= limit) return rows.subarray(0, length);
    }
  }
  return rows.subarray(0, length);
}
