import { readUpTo } from '../core/bytes.ts';
import { decompress } from './decompress.ts';
import type { Wrapper } from './wrapper.ts';

const MAGIC = [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0];

/** xz around any other format. */
export const xz: Wrapper = {
  name: 'xz',

  probe(source) {
    const head = readUpTo(source, 0, 6);
    return head.length === 6 && MAGIC.every((byte, i) => head[i] === byte);
  },

  unwrap(source, context) {
    return decompress(source, 'xz', context, async (chunks, write) => {
      // loaded on demand: few files need it
      const { default: xzDecompress } = await import('xz-decompress');
      const packed = chunks[Symbol.iterator]();
      const input = new ReadableStream<Uint8Array>({
        pull(controller) {
          const next = packed.next();
          if (next.done) controller.close();
          else controller.enqueue(next.value);
        },
      });
      const reader = new xzDecompress.XzReadableStream(input).getReader();
      for (let part = await reader.read(); !part.done; part = await reader.read()) write(part.value);
    });
  },
};
