import { type ColumnName, checkColumns, pageColumn } from '../decode/columns/registry.ts';
import type { Exporter, Sink } from '../export/exporter.ts';
import type { OptionValues } from '../export/options.ts';
import { writeTable } from '../export/write-table.ts';
import { ScanPool } from '../scan/pool.ts';
import { noCounts, type PageCounts } from '../scan/scan.ts';
import type { ScanJob } from '../scan/tasks.ts';
import type { ColumnSpec } from '../table/column.ts';
import type { RowStyle } from '../table/row-style.ts';
import type { Table } from '../table/table.ts';
import type { Summary, ZoneSummary } from '../views/summary.ts';
import { aboutOf } from './about.ts';
import type { Inspector, Selection } from './inspector.ts';
import { warnOfUnread } from './warn-of-unread.ts';

/** The rows to write, and how to write them. */
export interface ExportJob {
  readonly selection: Selection;
  readonly exporter: Exporter;
  /** Options of the exporter by name. */
  readonly options?: OptionValues;
  /** Maximum number of threads; 1 by default. The output is the same for any number. */
  readonly jobs?: number;
  /** Takes remarks for the user, e.g. on columns that were left out. */
  readonly note?: (text: string) => void;
}

/**
 * Writes the rows of a selection to `sink`, in ascending order of pfn. Adds all struct pages that it meets to `counts`, by
 * state. Throws UsageError for an invalid selection, and whatever the sink throws.
 */
export async function exportRows(
  inspector: Inspector,
  job: ExportJob,
  sink: Sink,
  counts?: PageCounts,
): Promise<number> {
  const met = counts ?? noCounts();
  const table = pageTable(inspector, job.selection, job.jobs ?? 1, met);
  const rows = await writeTable(table, job.exporter, job.options ?? {}, sink, job.note);
  if (!counts && !inspector.listsUnread(job.selection)) warnOfUnread(met);
  return rows;
}

/** The pages of a selection as a table whose text is written by up to `jobs` threads. */
export function pageTable(
  inspector: Inspector,
  selection: Selection,
  jobs = 1,
  counts: PageCounts = noCounts(),
): Table {
  const columns = checkColumns(selection.columns ?? inspector.defaultColumns);
  const lastPfn = (inspector.ranges(selection.pfns).at(-1)?.end ?? 1) - 1;
  return {
    name: 'pages',
    about: () => aboutOf(inspector, 'pages', counts),
    columns: columns.map((name) => withWidth(name, lastPfn, inspector.kernel.pageBytes)),
    rows: () => inspector.select(selection, counts),
    async *texts(style, counted) {
      const job = textJob(inspector, selection, columns, style, jobs);
      const pool = new ScanPool(inspector, job, jobs, counts, selection);
      yield* pool.texts();
      counted?.(pool.rows);
    },
    chunks: () =>
      new ScanPool(
        inspector,
        chunkJob(inspector, selection, columns, jobs),
        jobs,
        counts,
        selection,
      ).chunks(),
  };
}

/** The width of 0x and 16 digits. */
const POINTER_WIDTH = 18;

/** Later rows may have larger pfns, and pointers instead of zeros. */
function withWidth(name: ColumnName, lastPfn: number, pageBytes: number): ColumnSpec {
  const column = pageColumn(name);
  const widest = column.widest?.(lastPfn, pageBytes).length;
  return { ...column, width: widest ?? (column.kind === 'word' ? POINTER_WIDTH : 0) };
}

/** A job for the threads that write the rows of a selection as text. */
export function textJob(
  inspector: Inspector,
  selection: Selection,
  columns: readonly ColumnName[],
  style: RowStyle,
  jobs: number,
): ScanJob {
  return {
    plan: inspector.plan({ ...selection, columns }),
    ranges: inspector.ranges(selection.pfns),
    output: { kind: 'text', columns, style },
    window: 2 * jobs + 1,
  };
}

/** A job for the threads that decode the rows of a selection to columns. */
export function chunkJob(
  inspector: Inspector,
  selection: Selection,
  columns: readonly ColumnName[],
  jobs: number,
): ScanJob {
  return {
    plan: inspector.plan({ ...selection, columns }),
    ranges: inspector.ranges(selection.pfns),
    output: { kind: 'chunk', columns },
    window: 2 * jobs + 1,
  };
}

/** Like `Inspector.summary`, on up to `jobs` threads. */
export async function summarize(
  inspector: Inspector,
  selection: Omit<Selection, 'columns'> = {},
  jobs = 1,
  counts?: PageCounts,
): Promise<Summary> {
  const met = counts ?? noCounts();
  const job: ScanJob = {
    plan: inspector.summaryPlan(selection),
    ranges: inspector.ranges(selection.pfns),
    output: { kind: 'fold', fold: 'summary' },
    window: Number.MAX_SAFE_INTEGER,
  };
  const summary = await new ScanPool(inspector, job, jobs, met, selection).fold('summary');
  const zones = inOrder(summary.zones, inspector.layout.zones);
  summary.zones.clear();
  for (const [key, zone] of zones) summary.zones.set(key, zone);
  if (!counts) warnOfUnread(met);
  return summary;
}

/** By node, then by zone number, whichever thread met them first. */
function inOrder(zones: Summary['zones'], names: readonly string[]): [string, ZoneSummary][] {
  const place = (z: ZoneSummary): number => {
    const number = names.indexOf(z.zone);
    return z.node * 1024 + (number < 0 ? names.length : number);
  };
  return [...zones].sort((a, b) => place(a[1]) - place(b[1]));
}
