import { arrow } from '../export/arrow.ts';
import type { PageCounts } from '../scan/scan.ts';
import type { WordSign } from '../table/value-type.ts';
import { exportRows } from './export-rows.ts';
import type { Inspector, Selection } from './inspector.ts';

/** A column of an Arrow table; `at` and the iterator give null for an empty value. */
export interface ArrowColumn extends Iterable<unknown> {
  readonly length: number;
  readonly nullCount: number;
  at(row: number): unknown;
  /** The values as a typed array where that is possible, otherwise as an array. */
  toArray(): ArrayLike<unknown>;
}

/**
 * The part of `Table` of @uwdata/flechette that needs none of its types; the object is a whole `Table`, to which programs that
 * use flechette may cast it.
 */
export interface ArrowTable extends Iterable<Record<string, unknown>> {
  readonly numRows: number;
  readonly numCols: number;
  readonly names: readonly string[];
  /** A column by its name; undefined if it was not selected. */
  getChild(name: string): ArrowColumn | undefined;
  /** All rows as objects. */
  toArray(): Record<string, unknown>[];
}

/**
 * The rows of a selection as an Arrow table: names as dictionaries, raw words as unsigned 64-bit numbers, empty values as null.
 * Its batches are those of the scan. Throws the errors of `select`.
 */
export async function arrowTable(
  inspector: Inspector,
  selection: Selection = {},
  { jobs = 1, words = 'unsigned' }: { readonly jobs?: number; readonly words?: WordSign } = {},
  counts?: PageCounts,
): Promise<ArrowTable> {
  const parts: Uint8Array[] = [];
  const job = { selection, exporter: arrow, options: { words, stream: true }, jobs };
  const keep = async (data: string | Uint8Array): Promise<void> => {
    parts.push(typeof data === 'string' ? Buffer.from(data) : data.slice());
  };
  await exportRows(inspector, job, keep, counts);
  const { tableFromIPC } = await import('@uwdata/flechette');
  return tableFromIPC(Buffer.concat(parts), { useBigInt: true }) as unknown as ArrowTable;
}
