import { type ColumnName, checkColumns, DEFAULT_COLUMNS } from '../decode/columns/registry.ts';
import type { Exporter, ExportOptions, Sink } from '../export/exporter.ts';
import { ScanPool } from '../scan/pool.ts';
import { noCounts, type PageCounts } from '../scan/scan.ts';
import type { ScanJob } from '../scan/tasks.ts';
import type { Summary, ZoneSummary } from '../views/summary.ts';
import type { Inspector, Selection } from './inspector.ts';

/** Rows to be written, and how. */
export interface ExportJob extends ExportOptions {
  readonly selection: Selection;
  readonly exporter: Exporter;
  /** Threads to use at the most; 1 if not given. The output is the same for any number. */
  readonly jobs?: number;
}

/**
 * Writes the rows of a selection to `sink`, in ascending order of pfn. `counts` has all struct pages that were met, by
 * state. Throws UsageError for a selection that cannot be meant, and whatever the sink throws.
 */
export async function exportRows(
  inspector: Inspector,
  job: ExportJob,
  sink: Sink,
  counts: PageCounts = noCounts(),
): Promise<void> {
  const columns = checkColumns(job.selection.columns ?? DEFAULT_COLUMNS);
  const format = job.exporter.bulk?.(columns, job);
  if (!format) {
    await job.exporter.write!(inspector.select(job.selection, counts), columns, sink, job);
    return;
  }
  let any = false;
  if (format.head !== '') await sink(format.head);
  const pool = new ScanPool(inspector, scanJob(inspector, job, columns), job.jobs ?? 1, counts);
  for await (const bytes of pool.texts()) {
    // what separates rows is written when the next one has come
    if (any && format.separator > 0) await sink(format.end.slice(-format.separator));
    await sink(format.separator > 0 ? bytes.subarray(0, bytes.length - format.separator) : bytes);
    any = true;
  }
  const foot = any ? format.foot : format.emptyFoot;
  if (foot !== '') await sink(foot);
}

/** The job of a pool that writes these rows. */
export function scanJob(inspector: Inspector, job: ExportJob, columns: readonly ColumnName[]): ScanJob {
  const { selection, exporter, delimiter, header, quoted, safe } = job;
  const options = {
    ...(delimiter === undefined ? {} : { delimiter }),
    ...(header === undefined ? {} : { header }),
    ...(quoted === undefined ? {} : { quoted }),
    ...(safe === undefined ? {} : { safe }),
  };
  return {
    plan: inspector.plan({ ...selection, columns }),
    ranges: inspector.ranges(selection.pfns),
    output: { kind: 'text', exporter: exporter.name, columns, options },
    window: 2 * (job.jobs ?? 1) + 1,
  };
}

/** `Inspector.summary` by several threads: `jobs` at the most. */
export async function summarize(
  inspector: Inspector,
  selection: Omit<Selection, 'columns'> = {},
  jobs = 1,
  counts: PageCounts = noCounts(),
): Promise<Summary> {
  const job: ScanJob = {
    plan: inspector.summaryPlan(selection),
    ranges: inspector.ranges(selection.pfns),
    output: { kind: 'summary' },
    window: Number.MAX_SAFE_INTEGER,
  };
  const summary = await new ScanPool(inspector, job, jobs, counts).summary();
  return { ...summary, zones: inOrder(summary.zones, inspector.layout.zones) };
}

/** By node, then by number of zone, whoever met them first. */
function inOrder(zones: Summary['zones'], names: readonly string[]): Summary['zones'] {
  const place = (z: ZoneSummary): number => {
    const number = names.indexOf(z.zone);
    return z.node * 1024 + (number < 0 ? names.length : number);
  };
  return new Map([...zones].sort((a, b) => place(a[1]) - place(b[1])));
}
