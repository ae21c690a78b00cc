import { type Classification, classify } from '../classify/classify.ts';
import type { Gap } from '../classify/gap.ts';
import type { References } from '../classify/references.ts';
import type { Pfn } from '../core/address.ts';
import { breath } from '../core/breath.ts';
import { UnsupportedError, UsageError } from '../core/errors.ts';
import { intersect, lengthOf, type Range, unite } from '../core/ranges.ts';
import {
  COLUMNS,
  type ColumnName,
  checkColumns,
  DEFAULT_COLUMNS,
  isColumn,
  pageColumn,
} from '../decode/columns/registry.ts';
import type { ColumnBatch, Rows } from '../decode/decode.ts';
import { kpageFacts } from '../decode/kpage-facts.ts';
import { OwnerNames } from '../decode/owner-names.ts';
import type { PageMaps } from '../decode/page-maps.ts';
import { SlabCaches } from '../decode/slab-caches.ts';
import { SteadyReader } from '../decode/steady-reader.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { PageLayout } from '../layout/page-layout.ts';
import type { TypeFacts } from '../layout/type-facts.ts';
import { alignmentFor } from '../memmap/batches.ts';
import { LiveModel } from '../memmap/live-model.ts';
import type { MemoryModel } from '../memmap/memory-model.ts';
import { PageReader } from '../memmap/page-reader.ts';
import type { Objects } from '../objects/objects.ts';
import { openObjects } from '../objects/open-objects.ts';
import { mapperNames } from '../owners/mapper-names.ts';
import { PageOwners } from '../owners/page-owners.ts';
import { Processes } from '../owners/processes.ts';
import { noCounts, openScan, type PageCounts, type Scan, type ScanPlan } from '../scan/scan.ts';
import type { OpenImage } from '../sources/image-format.ts';
import { parseExpression } from '../views/expression/parse.ts';
import { columnsOf, type Expression } from '../views/expression/syntax.ts';
import { checkLimit } from '../views/select-table.ts';
import { type Summary, SummaryCounter } from '../views/summary.ts';
import { checkNodesAndCaches } from './known-names.ts';
import { type PageRow, rowObjects } from './page-rows.ts';
import { warnOfUnread } from './warn-of-unread.ts';

/** A selection of pages and columns. */
export interface Selection<N extends string = string> {
  /** Columns in output order; `defaultColumns` of the inspector by default. */
  readonly columns?: readonly N[];
  /** Half-open ranges of pfns; all by default. */
  readonly pfns?: readonly Range[];
  /** An expression over the columns, e.g. `type == slab && order >= 2`. */
  readonly where?: string;
  /** Whether `kpageflags` is to be correct where the kernel errs (KSM in 6.10 to 7.0). */
  readonly correct?: boolean;
  /** Maximum number of rows. */
  readonly limit?: number;
  /** Stops the work between two batches. The reason is thrown to the caller that waits for rows. */
  readonly signal?: AbortSignal;
}

const READ: Expression = parseExpression('state == ok', COLUMNS);

/** Every kernel with page tables has the variable zero_pfn, or zero_page_pfn (mm/memory.c). */
const NO_ZERO_PAGE =
  "the kernel's symbols do not tell which page is the zero page: kpageflags lacks ZERO_PAGE for it, and for the huge zero page";

/** The parts of an open memory image. */
export interface InspectorParts {
  readonly image: OpenImage;
  readonly kernel: Kernel;
  readonly types: TypeFacts;
  readonly typesFrom: string;
  readonly model: MemoryModel;
  readonly layout: PageLayout;
  readonly warnings: readonly string[];
  readonly keep?: () => void;
}

/** An open memory image. Close it when done. */
export class Inspector {
  readonly image: OpenImage;
  readonly kernel: Kernel;
  readonly types: TypeFacts;
  /** The source of the types, in words. */
  readonly typesFrom: string;
  readonly model: MemoryModel;
  readonly layout: PageLayout;
  readonly reader: PageReader;
  /** Doubts about the image, one sentence each. */
  readonly warnings: readonly string[];
  /** Names of slab caches; others after `refresh`. */
  caches: SlabCaches;

  readonly #keep: (() => void) | undefined;
  #objects: Objects | undefined;
  #classes: Classification | undefined;
  #references: References | undefined;
  #owners: PageOwners | undefined;
  #ownerNames: OwnerNames | undefined;
  readonly #unknown: Set<string> = new Set();

  constructor(parts: InspectorParts) {
    this.#keep = parts.keep;
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
    this.caches = this.#newCaches();
  }

  #newCaches(): SlabCaches {
    return new SlabCaches(this.kernel.space, this.types.place('kmem_cache', 'name')?.offset);
  }

  /** Forgets what was learnt from memory other than struct pages, which are always read anew: the memory may have changed since. */
  refresh(): void {
    this.image.renew?.();
    this.kernel.space.walker.forget();
    this.caches = this.#newCaches();
    this.#objects = undefined;
    this.#classes = undefined;
    this.#references = undefined;
    this.#owners = undefined;
    this.reader.troubles.clear();
  }

  /** Stores the types of this kernel in the cache that the image was opened with; does nothing without one. */
  keepTypes(): void {
    this.#keep?.();
  }

  /** Closes the files. All other methods then throw. */
  close(): void {
    this.image.close();
  }

  /** `close`, for `using memory = await openMemory(...)`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** The kernel's own objects, with all of its types; opened on first use. */
  get objects(): Objects {
    this.#objects ??= openObjects(this.kernel, this.types);
    this.#objects.memory.startAnew();
    return this.#objects;
  }

  /** The class of every page, computed on first use. */
  get classes(): Classification {
    const { objects, layout, model, reader } = this;
    this.#classes ??= classify({ objects, layout, model, reader });
    return this.#classes;
  }

  /** The reference count of each page compared with its known holders, computed on first use. */
  get references(): References {
    this.#references ??= this.classes.references();
    return this.#references;
  }

  /** Names of the files and cgroups that pages belong to, looked up on demand. */
  get owners(): PageOwners {
    this.#owners ??= new PageOwners(this.objects, (trouble) => {
      const limit = this.model.present.at(-1)?.end ?? 0;
      const processes = new Processes(this.objects, limit, trouble);
      return mapperNames(processes, limit, this.kernel.pageBytes, this.image.live !== undefined);
    });
    return this.#owners;
  }

  /** The best owner of each page, looked up on demand. */
  get ownerNames(): OwnerNames {
    const { classes, owners, model } = this;
    this.#ownerNames ??= new OwnerNames({
      classes: classes.codes,
      kernel: () => classes.owners(),
      mappers: () => owners.mapperTexts,
      callers: () => owners.callSites((page) => model.pfnOf(page)),
    });
    return this.#ownerNames;
  }

  /** What the requested columns leave out, one sentence each. */
  get unknown(): readonly string[] {
    return [...this.#unknown];
  }

  /** The head of the folio of a page; the page itself if it is not a tail. */
  headOf(pfn: Pfn): Pfn {
    for (const { batch, rows } of this.selectSync({
      columns: ['head'],
      pfns: [{ start: pfn, end: pfn + 1 }],
    })) {
      const column = batch.columns.get('head');
      const [row] = rows;
      if (row !== undefined && column?.kind === 'number') return column.values[row]!;
    }
    return pfn;
  }

  /** What could not be determined for the classes of pages and their references, if these were requested. */
  get gaps(): readonly Gap[] {
    const lost = this.#owners?.troubles ?? [];
    return [...(this.#classes?.gaps ?? []), ...lost.map((why) => ({ what: 'owners of pages', why }))];
  }

  /**
   * Decodes columns in batches of up to 16,384 pages, in ascending order of pfn. `rows` are the indices of the selected
   * pages; batches without any are skipped. Pages whose struct page could not be read are selected only if the column
   * `state` was requested. `counts` receives the number of struct pages in each state; without it, Node.js prints a warning
   * if some could not be read. The caller may keep the arrays. The event loop runs between batches. Throws UsageError for
   * an invalid selection.
   */
  async *select<const N extends string = ColumnName>(
    selection: Selection<N> = {},
    counts?: PageCounts,
  ): AsyncGenerator<Rows<N>> {
    for (const rows of this.#batches(selection, counts)) {
      if (rows) yield rows;
      const due = breath();
      if (due) await due;
    }
  }

  /** A synchronous `select`, since reading is synchronous. */
  *selectSync<const N extends string = ColumnName>(
    selection: Selection<N> = {},
    counts?: PageCounts,
  ): Generator<Rows<N>> {
    for (const rows of this.#batches(selection, counts)) if (rows) yield rows;
  }

  /** The rows of `select` as objects. An object per page is slow for millions of pages. */
  async *rows<const N extends string = ColumnName>(
    selection: Selection<N> = {},
    counts?: PageCounts,
  ): AsyncGenerator<PageRow<N>> {
    for await (const rows of this.select(selection, counts)) yield* rowObjects(rows);
  }

  /** A batch as `select` gives it; undefined if it has no rows. */
  *#batches<N extends string>(
    selection: Selection<N>,
    counts: PageCounts | undefined,
  ): Generator<Rows<N> | undefined> {
    const met = counts ?? noCounts();
    const scan = this.scan(selection, met);
    const { signal } = selection;
    for (const picked of scan.run(this.ranges(selection.pfns))) {
      signal?.throwIfAborted();
      if (picked.count === 0) yield undefined;
      else
        yield {
          batch: scan.decoder.batch() as unknown as ColumnBatch<N>,
          rows: scan.decoder.indices(picked),
        };
    }
    if (!counts && !this.listsUnread(selection)) warnOfUnread(met);
  }

  /** A scan for a selection, without its pfns. Throws UsageError for an invalid selection. */
  scan(selection: Selection, counts: PageCounts = noCounts()): Scan {
    return openScan(this, this.plan(selection), counts);
  }

  /** Checks a selection and plans its decoding, without its pfns. Throws UsageError for an invalid selection. */
  plan(selection: Selection): ScanPlan {
    const columns = checkColumns(selection.columns ?? this.defaultColumns);
    checkLimit(selection.limit);
    const where = selection.where === undefined ? undefined : parseExpression(selection.where, COLUMNS);
    if (where) checkNodesAndCaches(where, this);
    const asked = [...columns, ...(where ? columnsOf(where).filter(isColumn) : [])];
    const unknown = asked.find((c) => !this.columns.includes(c));
    if (unknown !== undefined) {
      throw new UnsupportedError(
        `column ${unknown} is not available for this dump`,
        this.model.kind === 'FLATMEM'
          ? 'its kernel has no memory sections (FLATMEM); the other columns are available'
          : 'it depends on which pages are online, and mem_section, which tells, is lost; the other columns are available',
      );
    }
    const kpage = asked.some((c) => pageColumn(c).needs === 'kpage')
      ? kpageFacts(this.kernel, this.types, this.layout, this.model, selection.correct ?? false)
      : undefined;
    if (kpage && kpage.zeroPfn < 0) this.#unknown.add(NO_ZERO_PAGE);
    const alignment = alignmentFor(this.layout.largestBlock);
    return { columns, where, limit: selection.limit, kpage, maps: this.#maps(asked), alignment };
  }

  /** What columns need that is computed for all pages at once. */
  #maps(asked: readonly ColumnName[]): PageMaps | undefined {
    const needed = new Set(asked.flatMap((c) => pageColumn(c).needsMap ?? []));
    if (needed.size === 0) return undefined;
    return {
      ...(needed.has('classes') || needed.has('references') ? { classes: this.classes.codes } : {}),
      ...(needed.has('references') ? { references: this.references } : {}),
      ...(needed.has('owners') || needed.has('ownerNames') ? { owners: this.owners } : {}),
      ...(needed.has('ownerNames') ? { ownerNames: this.ownerNames } : {}),
    };
  }

  /** Like `plan`, for counting: a struct page that could not be read has nothing to count by. */
  summaryPlan(selection: Omit<Selection, 'columns'>): ScanPlan {
    const plan = this.plan({ ...selection, columns: ['pfn'] });
    if (!plan.where || !listsUnread(plan)) return plan;
    return { ...plan, where: { kind: 'and', terms: [plan.where, READ] } };
  }

  /**
   * Slab caches in the expression of a selection that no page so far belongs to, and that could not be looked up in the
   * kernel's list of caches, with the reasons. Call it after the pages were read.
   */
  doubtfulNames({ where }: Selection): ReadonlyMap<string, string> {
    if (where === undefined) return new Map();
    const met = new Set(this.caches.names.map((name) => name.toLowerCase()));
    const doubtful = checkNodesAndCaches(parseExpression(where, COLUMNS), this);
    return new Map([...doubtful].filter(([name]) => !met.has(name.toLowerCase())));
  }

  /** Whether a selection may include struct pages that could not be read. */
  listsUnread(selection: Selection): boolean {
    return listsUnread(this.plan(selection));
  }

  /** The pfns of a selection that have a struct page, at this moment where the machine runs. */
  ranges(pfns: readonly Range[] | undefined): Range[] {
    if (this.model instanceof LiveModel) this.model.refresh();
    if (pfns === undefined) return [...this.model.present];
    for (const r of pfns) {
      if (!(r.start >= 0 && r.end > r.start))
        throw new UsageError(`pfns ${r.start} to ${r.end - 1} are not a range`);
    }
    return intersect(unite(pfns), this.model.present);
  }

  /** Counts the pages of a selection by type, flag, zone, order and slab cache, in one pass. */
  summary(selection: Omit<Selection, 'columns'> = {}, counts?: PageCounts): Summary {
    const met = counts ?? noCounts();
    const scan = openScan(this, this.summaryPlan(selection), met);
    const counter = new SummaryCounter(scan.decoder);
    for (const picked of scan.run(this.ranges(selection.pfns))) {
      selection.signal?.throwIfAborted();
      counter.add(picked);
    }
    if (!counts) warnOfUnread(met);
    return counter.summary();
  }

  /** The columns available for this image; nearly always all. */
  get columns(): readonly ColumnName[] {
    const { onlineUnknown, isFlat } = this.model.sections;
    return COLUMNS.filter((c) => !(onlineUnknown && c.needsOnline) && !(isFlat && c.needsSections)).map(
      (c) => c.name,
    );
  }

  /** Those of DEFAULT_COLUMNS that this kernel has: one with FLATMEM has no `section`. */
  get defaultColumns(): readonly ColumnName[] {
    const { isFlat } = this.model.sections;
    return DEFAULT_COLUMNS.filter((name) => !(isFlat && pageColumn(name).needsSections));
  }

  /** Number of pfns with a struct page. */
  get presentPages(): number {
    return lengthOf(this.model.present);
  }
}

/** A selection that shows `state` or tests it includes pages that could not be read. */
function listsUnread({ columns, where }: ScanPlan): boolean {
  return columns.includes('state') || (where !== undefined && columnsOf(where).includes('state'));
}
