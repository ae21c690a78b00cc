import { packageVersion } from '../../core/version.ts';
import type { ColumnSpec } from '../../table/column.ts';
import type { About, TableBatch } from '../../table/table.ts';
import { valueTypeOf, type WordSign } from '../../table/value-type.ts';
import type { Sink } from '../exporter.ts';
import { ColumnEncoder, type EncodedColumn } from './column-encoder.ts';
import { openCodec } from './compress.ts';
import type { Codec } from './format.ts';
import {
  type ColumnSummary,
  columnIndex,
  fileMetadata,
  type IndexPlace,
  offsetIndex,
  rowGroup,
  summaryOf,
  type TypedColumn,
} from './metadata.ts';
import { RowGroups } from './row-groups.ts';
import { Workspace } from './workspace.ts';

/** Bytes at both ends of a file. */
const MAGIC = new TextEncoder().encode('PAR1');

/** What a Parquet file is written with. */
export interface ParquetOptions {
  readonly columns: readonly ColumnSpec[];
  readonly codec: Codec;
  readonly words: WordSign;
}

/** Writes rows as an Apache Parquet file. The same rows give the same bytes, in batches of whatever size they come. */
export async function writeParquet(
  batches: AsyncIterable<TableBatch>,
  sink: Sink,
  { columns, codec, words }: ParquetOptions,
  about: About,
): Promise<void> {
  const workspace = new Workspace(await openCodec(codec));
  const encoders = columns.map((spec) => new ColumnEncoder(workspace, spec, valueTypeOf(spec, words)));
  const groups = new RowGroups(encoders);
  const file = new ParquetFile(encoders, codec, sink);
  await file.begin();
  for await (const batch of batches) for (const group of groups.add(batch)) await file.add(group);
  for (const group of groups.end()) await file.add(group);
  await file.end(about());
}

/** A row group that is in the file; its indices are not yet. */
interface WrittenGroup {
  readonly columns: readonly ColumnSummary[];
  readonly columnIndices: readonly Uint8Array[];
  readonly offsetIndices: readonly Uint8Array[];
}

/** The file as a whole: row groups, then indices, then the footer that tells where they are. */
class ParquetFile {
  readonly #columns: readonly TypedColumn[];
  readonly #codec: Codec;
  readonly #sink: Sink;
  readonly #groups: WrittenGroup[] = [];
  #at = 0;
  #rows = 0;

  constructor(columns: readonly TypedColumn[], codec: Codec, sink: Sink) {
    this.#columns = columns.map(({ spec, type }) => ({ spec, type }));
    this.#codec = codec;
    this.#sink = sink;
  }

  begin(): Promise<void> {
    return this.#put(MAGIC);
  }

  async add(group: readonly EncodedColumn[]): Promise<void> {
    const columns: ColumnSummary[] = [];
    const columnIndices: Uint8Array[] = [];
    const offsetIndices: Uint8Array[] = [];
    for (const [i, column] of group.entries()) {
      const typed = this.#columns[i]!;
      columns.push(summaryOf(typed, column, this.#at));
      columnIndices.push(columnIndex(column, typed.type));
      offsetIndices.push(offsetIndex(column, this.#at));
      for (const { bytes } of [...(column.dictionary ? [column.dictionary] : []), ...column.pages]) {
        for (const part of bytes) await this.#put(part);
      }
    }
    this.#rows += columns[0]?.rows ?? 0;
    this.#groups.push({ columns, columnIndices, offsetIndices });
  }

  async end(about: ReturnType<About>): Promise<void> {
    const rowGroups: Uint8Array[] = [];
    for (const [ordinal, { columns, columnIndices, offsetIndices }] of this.#groups.entries()) {
      const columnPlaces = await this.#putAll(columnIndices);
      const offsetPlaces = await this.#putAll(offsetIndices);
      const places = columns.map((_, i) => ({
        columnIndex: columnPlaces[i]!,
        offsetIndex: offsetPlaces[i]!,
      }));
      rowGroups.push(rowGroup(columns, places, this.#codec, ordinal));
    }
    const createdBy = `structpage version ${packageVersion()}`;
    const footer = fileMetadata({ columns: this.#columns, rows: this.#rows, rowGroups, about, createdBy });
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, footer.length, true);
    for (const part of [footer, length, MAGIC]) await this.#put(part);
  }

  async #putAll(parts: readonly Uint8Array[]): Promise<IndexPlace[]> {
    const places: IndexPlace[] = [];
    for (const part of parts) {
      places.push({ at: this.#at, size: part.length });
      await this.#put(part);
    }
    return places;
  }

  async #put(bytes: Uint8Array): Promise<void> {
    this.#at += bytes.length;
    await this.#sink(bytes);
  }
}
