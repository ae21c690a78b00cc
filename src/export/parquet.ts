import type { Exporter } from './exporter.ts';
import { CODEC, type Codec } from './parquet/format.ts';
import { writeParquet } from './parquet/write.ts';
import { signOption } from './words-option.ts';

/** Apache Parquet: typed columns, compressed, with statistics by which readers skip what they do not want. */
export const parquet: Exporter = {
  name: 'parquet',
  isBinary: true,
  options: [
    {
      name: 'compression',
      type: 'string',
      default: 'snappy',
      argument: 'codec',
      help: 'snappy, zstd (smaller, slower) or none',
      check: (value) => (Object.hasOwn(CODEC, String(value)) ? undefined : 'it must be snappy, zstd or none'),
    },
    signOption,
  ],

  plan: (columns, options) => ({
    kind: 'chunk',
    write: (batches, sink, about) =>
      writeParquet(
        batches,
        sink,
        {
          columns,
          codec: options.compression as Codec,
          words: options.words === 'signed' ? 'signed' : 'unsigned',
        },
        about,
      ),
  }),
};
