import { FormatError } from '../core/errors.ts';
import type { ImageFormat } from './image-format.ts';
import { behindLastRange, LIME_HEADER, LIME_MAGIC, readLimeHeader, startsWith } from './lime-header.ts';
import { type Piece, piecesMemory } from './pieces.ts';

/**
 * LiME's own format (also written by AVML without --compress, and by LEMON): ranges of physical memory, each after a header
 * with its first and last address. LiME's `padded` output is a raw image.
 */
export const lime: ImageFormat = {
  name: 'lime',

  probe: (source) => startsWith(source, LIME_MAGIC),

  open(source) {
    const pieces: Piece[] = [];
    const warnings: string[] = [];
    let at = 0;
    for (;;) {
      const header = readLimeHeader(source, at);
      if (header === undefined) break;
      if (typeof header === 'string' || header.magic !== LIME_MAGIC) {
        const found = typeof header === 'string' ? header : 'a compressed range of AVML';
        if (pieces.length === 0) {
          throw new FormatError({
            file: source.name,
            offset: at,
            expected: 'a LiME range header of version 1',
            found,
          });
        }
        warnings.push(behindLastRange(source, at, found));
        break;
      }
      const length = header.end - header.start;
      pieces.push({ start: header.start, end: header.end, offset: at + LIME_HEADER });
      at += LIME_HEADER + length;
      if (at > source.byteLength) {
        warnings.push(
          `the file ends within the range from 0x${header.start.toString(16)} on: it is truncated`,
        );
        break;
      }
    }
    return {
      format: 'LiME',
      memory: piecesMemory(source, pieces),
      notes: [],
      details: [['ranges', `${pieces.length}`]],
      warnings,
      close: () => source.close(),
    };
  },
};
