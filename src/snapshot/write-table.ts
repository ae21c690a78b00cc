import type { Sink } from '../export/exporter.ts';
import type { Codec } from '../export/parquet/format.ts';
import { writeParquet } from '../export/parquet/write.ts';
import type { Column, ColumnSpec } from '../table/column.ts';
import { dense } from '../table/dense.ts';
import { batchesOf } from '../table/rows-table.ts';
import type { About, TableBatch } from '../table/table.ts';
import type { WordSign } from '../table/value-type.ts';
import { type SnapshotFacts, type SnapshotRows, snapshotColumns } from './schema.ts';

/** How the files of a snapshot are written. */
export interface WriteOptions {
  /** Snappy by default. */
  readonly codec?: Codec;
  /** Signed by default: Spark and Trino have no unsigned numbers. */
  readonly words?: WordSign;
  /** Facts for the metadata of the file. */
  readonly about?: About;
}

const nothing: About = () => [];

/** Writes rows of `hosts`, `summary` or `free` as a Parquet file. */
export async function writeSnapshotRows<T extends keyof SnapshotRows>(
  table: T,
  rows: Iterable<SnapshotRows[T]> | AsyncIterable<SnapshotRows[T]>,
  sink: Sink,
  options: WriteOptions = {},
): Promise<void> {
  const columns = snapshotColumns(table);
  await writeFile(columns, rowBatches(columns, rows), sink, options);
}

/**
 * Writes pages as a Parquet file. `batches` have columns of `structpage columns`; those of `names` that they lack are empty,
 * and the columns of `facts` are added.
 */
export async function writeSnapshotPages(
  names: readonly string[],
  batches: AsyncIterable<TableBatch> | Iterable<TableBatch>,
  facts: SnapshotFacts,
  sink: Sink,
  options: WriteOptions = {},
): Promise<void> {
  await writeFile(snapshotColumns('pages', names), completed(names, batches, facts), sink, options);
}

function writeFile(
  columns: readonly ColumnSpec[],
  batches: AsyncIterable<TableBatch>,
  sink: Sink,
  { codec = 'snappy', words = 'signed', about = nothing }: WriteOptions,
): Promise<void> {
  return writeParquet(batches, sink, { columns, codec, words }, about);
}

async function* rowBatches<R>(
  columns: readonly ColumnSpec[],
  rows: Iterable<R> | AsyncIterable<R>,
): AsyncGenerator<TableBatch> {
  for await (const batch of batchesOf(columns, rows as Parameters<typeof batchesOf>[1])) yield dense(batch);
}

async function* completed(
  names: readonly string[],
  batches: AsyncIterable<TableBatch> | Iterable<TableBatch>,
  { time, boot_id, release }: SnapshotFacts,
): AsyncGenerator<TableBatch> {
  const [bootNames, releaseNames] = [[boot_id ?? ''], [release ?? '']];
  let times = new Float64Array(0);
  let codes = new Uint8Array(0);
  let none = codes;
  for await (const { count, columns } of batches) {
    if (count > times.length) {
      times = new Float64Array(count).fill(time ?? 0);
      codes = new Uint8Array(count);
      none = new Uint8Array(count).fill(1);
    }
    const facts: [string, Column][] = [
      ['time', { kind: 'number', values: times.subarray(0, count) }],
      ['boot_id', { kind: 'name', codes: codes.subarray(0, count), names: bootNames }],
      ['release', { kind: 'name', codes: codes.subarray(0, count), names: releaseNames }],
    ];
    const empty: Column = {
      kind: 'name',
      codes: codes.subarray(0, count),
      names: [''],
      empty: none.subarray(0, count),
    };
    const lacking = names.filter((name) => !columns.has(name)).map((name): [string, Column] => [name, empty]);
    yield { count, columns: new Map([...facts, ...columns, ...lacking]) };
  }
}
