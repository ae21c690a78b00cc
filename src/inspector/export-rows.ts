import { type ColumnName, DEFAULT_COLUMNS } from '../decode/columns.ts';
import { checkColumns } from '../decode/decode.ts';
import type { BulkFormat, Exporter, ExportOptions, Sink } from '../export/exporter.ts';
import { RowEncoder } from '../export/row-encoder.ts';
import type { Inspector, Selection } from './inspector.ts';
import { noCounts, type PageCounts } from './scan.ts';

/** Rows to be written, and how. */
export interface ExportJob extends ExportOptions {
  readonly selection: Selection;
  readonly exporter: Exporter;
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
  for (const bytes of encodedHere(inspector, job.selection, columns, format, counts)) {
    // what separates rows is written when the next one has come
    if (any && format.separator > 0) await sink(format.end.slice(-format.separator));
    await sink(format.separator > 0 ? bytes.subarray(0, bytes.length - format.separator) : bytes);
    any = true;
  }
  const foot = any ? format.foot : format.emptyFoot;
  if (foot !== '') await sink(foot);
}

/** The rows as text, encoded in this thread. */
function* encodedHere(
  inspector: Inspector,
  selection: Selection,
  columns: readonly ColumnName[],
  format: BulkFormat,
  counts: PageCounts,
): Generator<Uint8Array> {
  const scan = inspector.scan(selection, counts);
  const encoder = new RowEncoder(scan.decoder, columns, format);
  for (const { at, count } of scan.run(inspector.ranges(selection.pfns))) {
    yield* encoder.encode(at, count);
  }
}
