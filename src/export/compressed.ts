import { createGzip, type Gzip } from 'node:zlib';
import { loadZstdEncoder } from '../formats/compression/zstd.ts';
import type { Sink } from './exporter.ts';

/** Compressions around a whole file, by its last extension. */
export const FILE_COMPRESSIONS = ['gz', 'zst'] as const;

export type FileCompression = (typeof FILE_COMPRESSIONS)[number];

/** A frame of zstd holds so many bytes of the file. */
const FRAME = 1 << 22;
const ZSTD_LEVEL = 3;

/** A sink that compresses, and the function that writes what is left. */
export interface CompressedSink {
  readonly sink: Sink;
  end(): Promise<void>;
}

/** Compresses what is written on its way to `sink`. Throws UnsupportedError where zstd cannot be loaded. */
export async function compressed(kind: FileCompression, sink: Sink): Promise<CompressedSink> {
  return kind === 'gz' ? gzipped(sink) : zstdFrames(sink, await loadZstdEncoder(ZSTD_LEVEL));
}

function gzipped(sink: Sink): CompressedSink {
  const gzip: Gzip = createGzip();
  let parts: Uint8Array[] = [];
  gzip.on('data', (part: Uint8Array) => parts.push(part));
  const pass = async (): Promise<void> => {
    const ready = parts;
    parts = [];
    for (const part of ready) await sink(part);
  };
  return {
    async sink(data) {
      await new Promise<void>((resolve, reject) => {
        gzip.write(data, (error) => (error ? reject(error) : resolve()));
      });
      await pass();
    },
    async end() {
      await new Promise<void>((resolve, reject) => gzip.once('error', reject).once('end', resolve).end());
      await pass();
    },
  };
}

/** Frames one after the other, as the format allows. */
function zstdFrames(sink: Sink, compress: (input: Uint8Array) => Uint8Array): CompressedSink {
  const buffer = new Uint8Array(FRAME);
  let length = 0;
  const flush = async (): Promise<void> => {
    if (length > 0) await sink(compress(buffer.slice(0, length)));
    length = 0;
  };
  return {
    async sink(data) {
      const bytes = typeof data === 'string' ? Buffer.from(data) : data;
      for (let at = 0; at < bytes.length; ) {
        const part = bytes.subarray(at, at + FRAME - length);
        buffer.set(part, length);
        length += part.length;
        at += part.length;
        if (length === FRAME) await flush();
      }
    },
    end: flush,
  };
}
