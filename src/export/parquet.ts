import type { Exporter } from './exporter.ts';
import type { ExportOption } from './options.ts';
import { CODEC, type Codec } from './parquet/format.ts';
import { writeParquet } from './parquet/write.ts';

/** How typed formats write raw words. */
export const signOption: ExportOption = {
  name: 'words',
  type: 'string',
  default: 'unsigned',
  argument: 'form',
  help: "raw words as numbers that are 'unsigned' or, for engines that have no such type, 'signed'",
  check: (value) =>
    value === 'unsigned' || value === 'signed' ? undefined : "it must be 'unsigned' or 'signed'",
};

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
