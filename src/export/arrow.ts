import { writeArrow } from './arrow/write.ts';
import type { Exporter } from './exporter.ts';
import { signOption } from './words-option.ts';

/** Arrow IPC: typed columns as programs hold them in memory, without compression. */
export const arrow: Exporter = {
  name: 'arrow',
  isBinary: true,
  options: [
    signOption,
    {
      name: 'stream',
      type: 'boolean',
      default: false,
      internal: true,
      help: 'the stream format, for readers that cannot go back',
    },
  ],

  plan: (columns, { words, stream }) => ({
    kind: 'chunk',
    write: (batches, sink, about) =>
      writeArrow(
        batches,
        sink,
        { columns, words: words === 'signed' ? 'signed' : 'unsigned', stream: stream === true },
        about,
      ),
  }),
};
