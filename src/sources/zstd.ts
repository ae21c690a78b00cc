import { once } from 'node:events';
import { readUpTo, viewOf } from '../core/bytes.ts';
import { decompress, type StreamDecoder } from './decompress.ts';
import type { Wrapper } from './wrapper.ts';
import { SlidingWindow } from './zstd-window.ts';

const MAGIC = 0xfd2fb528;

/**
 * zstd around any other format, decoded by node:zlib if possible (Node 22.15), otherwise in JavaScript at half the speed.
 */
export const zstd: Wrapper = {
  name: 'zstd',

  probe(source) {
    const head = readUpTo(source, 0, 4);
    return head.length === 4 && viewOf(head).getUint32(0, true) === MAGIC;
  },

  unwrap(source, context) {
    return decompress(source, 'zstd', context, zstdDecoder());
  },
};

/** The fastest zstd stream decoder of this Node.js. */
export function zstdDecoder(): StreamDecoder {
  const zlib = process.getBuiltinModule('node:zlib') as { createZstdDecompress?(): NodeJS.ReadWriteStream };
  const native = zlib.createZstdDecompress;
  return native ? byNode(native) : byFzstd;
}

/** The JavaScript decoder, for Node.js without zstd. */
export const byFzstd: StreamDecoder = async (chunks, write) => {
  const { Decompress } = await import('fzstd');
  let ended = false;
  const window = new SlidingWindow();
  const stream = new Decompress((bytes, final) => {
    if (bytes.length > 0) write(bytes);
    window.given((stream as unknown as { s?: { w: Uint8Array } }).s);
    ended ||= final === true;
  });
  let held: Uint8Array | undefined;
  for (const chunk of chunks) {
    if (held) stream.push(held);
    held = chunk;
  }
  if (held) stream.push(held, true);
  if (!ended) throw new Error('the data ends early');
};

/** Decodes with a stream of node:zlib. */
export function byNode(create: () => NodeJS.ReadWriteStream): StreamDecoder {
  return async (chunks, write) => {
    const stream = create();
    const done = new Promise<void>((resolve, reject) => {
      stream.on('data', (bytes: Uint8Array) => {
        try {
          write(bytes);
        } catch (error) {
          reject(error);
        }
      });
      stream.on('end', resolve);
      stream.on('error', reject);
    });
    done.catch(() => {});
    for (const chunk of chunks) {
      if (!stream.write(chunk)) await Promise.race([once(stream, 'drain'), done]);
    }
    stream.end();
    await done;
  };
}
