import { readUpTo } from '../core/bytes.ts';
import { FormatError } from '../core/errors.ts';
import type { ImageFormat } from './image-format.ts';
import { piecesMemory } from './pieces.ts';

/** The least that can hold a kernel. */
const SMALLEST = 1024 * 1024;

/**
 * Physical memory as it is, byte for byte from address 0 on: dd of a guest's memory file, pmemsave, VMware .vmem.
 * Has no magic, so it is the last to be tried; what looks like text is told so.
 */
export const raw: ImageFormat = {
  name: 'raw',

  probe(source) {
    const head = readUpTo(source, 0, 4096);
    if (looksLikeText(head)) {
      throw new FormatError({
        file: source.name,
        offset: 0,
        expected: 'a memory dump',
        found: 'a text file',
        advice: 'Name a memory dump: an ELF core, a kdump file, a raw image of physical memory, ...',
      });
    }
    if (source.byteLength < SMALLEST) {
      throw new FormatError({
        file: source.name,
        offset: 0,
        expected: 'the magic of a known dump format, or a raw image of at least 1 MiB',
        found: `${source.byteLength} bytes that start with ${[...head.subarray(0, 8)].map((b) => b.toString(16).padStart(2, '0')).join(' ')}`,
      });
    }
    return true;
  },

  open(source) {
    return {
      format: 'raw image of physical memory',
      memory: piecesMemory(source, [{ start: 0, end: source.byteLength, offset: 0 }]),
      notes: [],
      details: [],
      warnings: [],
      close: () => source.close(),
    };
  },
};

function looksLikeText(bytes: Uint8Array): boolean {
  return (
    bytes.length > 0 &&
    bytes.every((b) => b === 9 || b === 10 || b === 13 || (b >= 32 && b < 127) || b >= 0xc2)
  );
}
