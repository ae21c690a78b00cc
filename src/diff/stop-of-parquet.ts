import {
  type AsyncBuffer,
  type DecodedArray,
  type FileMetaData,
  type ParquetScan,
  parquetMetadataAsync,
  parquetScan,
} from 'hyparquet';
import { type ByteSource, readUpTo } from '../core/bytes.ts';
import { FormatError } from '../core/errors.ts';
import { loadZstd } from '../formats/compression/zstd.ts';
import type { Column } from '../table/column.ts';
import type { TableRows } from '../table/table.ts';
import { identityOfFacts, pageBytesOf } from './export-identity.ts';
import { NameCodes } from './name-codes.ts';
import type { Stop } from './stop.ts';

/** Rows that are read at a time. */
const ROWS = 65536;

/** An export of pages to Parquet as a stop. Throws FormatError for other files. */
export async function stopOfParquet(name: string, source: ByteSource): Promise<Stop> {
  const file = bufferOf(source);
  const zstd = await loadZstd();
  const metadata = await attempt(name, () => parquetMetadataAsync(file));
  const columns = columnsOf(metadata);
  if (!columns.includes('pfn')) throw notOurs(name, `columns ${columns.slice(0, 5).join(', ')}`);
  const facts = new Map(metadata.key_value_metadata?.map(({ key, value }) => [key, value ?? '']));
  return {
    name,
    identity: identityOfFacts(facts),
    pageBytes: pageBytesOf(facts),
    columns,
    withoutClasses: columns.includes('class') ? undefined : 'the export has no column class',
    async *rows(wanted) {
      const scan = await attempt(name, () =>
        parquetScan({
          file,
          metadata,
          columns: ['pfn', ...wanted],
          compressors: {
            ZSTD: (input, length) => {
              const output = new Uint8Array(length);
              if (zstd(input, output) !== length) throw new Error('a compressed page is damaged');
              return output;
            },
          },
        }),
      );
      yield* rowsOf(name, scan, wanted);
    },
  };
}

async function* rowsOf(
  name: string,
  scan: ParquetScan,
  wanted: readonly string[],
): AsyncGenerator<TableRows> {
  const codes = new Map(wanted.map((column) => [column, new NameCodes()]));
  let all = new Uint32Array(0);
  for (const range of scan.ranges) {
    for (let rowStart = range.rowStart; rowStart < range.rowEnd; rowStart += ROWS) {
      const rowEnd = Math.min(rowStart + ROWS, range.rowEnd);
      const read = (column: string): Promise<DecodedArray> =>
        attempt(name, () => scan.readColumn({ column, rowStart, rowEnd }));
      const columns = new Map<string, Column>([
        ['pfn', { kind: 'number', values: Float64Array.from(await read('pfn'), Number) }],
      ]);
      for (const [column, names] of codes) {
        const values = await read(column);
        columns.set(
          column,
          names.column(Uint32Array.from(values, (value) => names.code(value == null ? '' : String(value)))),
        );
      }
      const count = rowEnd - rowStart;
      if (all.length !== count) all = Uint32Array.from({ length: count }, (_, i) => i);
      yield { batch: { count, columns }, rows: all };
    }
  }
}

function columnsOf({ schema }: FileMetaData): string[] {
  return schema.slice(1).map((element) => element.name);
}

function bufferOf(source: ByteSource): AsyncBuffer {
  return {
    byteLength: source.byteLength,
    slice: (start, end = source.byteLength) => {
      const bytes = readUpTo(source, start, end - start);
      return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
    },
  };
}

/** Errors of the package are about the file. */
async function attempt<T>(name: string, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw notOurs(name, error instanceof Error ? error.message : String(error));
  }
}

function notOurs(name: string, found: string): FormatError {
  return new FormatError({
    file: name,
    expected: "a Parquet file of pages, as 'structpage export' writes it",
    found,
  });
}
