import { hasText, readUpTo } from '../core/bytes.ts';
import { decodeBzip2 } from '../formats/compression/bzip2.ts';
import { decompress } from './decompress.ts';
import type { Wrapper } from './wrapper.ts';

/** bzip2 around any other format. */
export const bzip2: Wrapper = {
  name: 'bzip2',

  probe(source) {
    const head = readUpTo(source, 0, 10);
    return hasText(head, 'BZh') && head[3]! >= 0x31 && head[3]! <= 0x39 && hasText(head, '1AY&SY', 4);
  },

  unwrap: (source, context) => decompress(source, 'bzip2', context, decodeBzip2),
};
