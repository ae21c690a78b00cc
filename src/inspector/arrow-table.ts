import type { Table } from '@uwdata/flechette';
import { arrow } from '../export/arrow.ts';
import type { PageCounts } from '../scan/scan.ts';
import type { WordSign } from '../table/value-type.ts';
import { exportRows } from './export-rows.ts';
import type { Inspector, Selection } from './inspector.ts';

/**
 * The rows of a selection as an Arrow table of @uwdata/flechette, which holds them as they are: names as dictionaries, raw words as
 * unsigned numbers of 64 bits, empty values as null. Its batches are those of the scan. Errors are those of `select`.
 */
export async function arrowTable(
  inspector: Inspector,
  selection: Selection = {},
  { jobs = 1, words = 'unsigned' }: { readonly jobs?: number; readonly words?: WordSign } = {},
  counts?: PageCounts,
): Promise<Table> {
  const parts: Uint8Array[] = [];
  const job = { selection, exporter: arrow, options: { words, stream: true }, jobs };
  const keep = async (data: string | Uint8Array): Promise<void> => {
    parts.push(typeof data === 'string' ? Buffer.from(data) : data.slice());
  };
  await exportRows(inspector, job, keep, counts);
  const { tableFromIPC } = await import('@uwdata/flechette');
  return tableFromIPC(Buffer.concat(parts), { useBigInt: true });
}
