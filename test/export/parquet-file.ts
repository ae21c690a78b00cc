import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { loadZstd } from '../../src/formats/compression/zstd.ts';

/** The rows of a Parquet file as hyparquet reads them, from `rowStart` on. */
export async function readParquet(bytes: Uint8Array, rowStart = 0): Promise<Record<string, unknown>[]> {
  const zstd = await loadZstd();
  const file = bufferOf(bytes);
  return parquetReadObjects({
    file,
    rowStart,
    compressors: {
      ZSTD: (input, length) => {
        const output = new Uint8Array(length);
        if (zstd(input, output) !== length) throw new Error('a page has another length');
        return output;
      },
    },
  });
}

/** The footer of a Parquet file. */
export function metadataOf(bytes: Uint8Array): ReturnType<typeof parquetMetadata> {
  return parquetMetadata(bufferOf(bytes));
}

function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
