import { inflateSync } from 'node:zlib';
import { decodeLzo1x } from '../../formats/compression/lzo1x.ts';
import { decodeSnappy } from '../../formats/compression/snappy.ts';
import type { ZstdDecoder } from '../../formats/compression/zstd.ts';

export const ZLIB = 1;
export const LZO = 2;
export const SNAPPY = 4;
export const INCOMPLETE = 8;
export const EXCLUDED_VMEMMAP = 16;
export const ZSTD = 32;

const NAMES: readonly (readonly [flag: number, name: string])[] = [
  [ZLIB, 'zlib'],
  [LZO, 'LZO'],
  [SNAPPY, 'snappy'],
  [ZSTD, 'zstd'],
];

/** The compression by a descriptor's flags, or by the header's status. */
export function codecName(flags: number): string {
  return NAMES.find(([flag]) => flags & flag)?.[1] ?? 'none';
}

/** Whether a wrong bit in the compressed page is always detected: zlib has a checksum of the page. */
export function isChecksummed(flags: number): boolean {
  return (flags & ZLIB) !== 0;
}

/** Decodes one page into `block`; false if the result is not exactly one page. */
export function decodePage(
  data: Uint8Array,
  flags: number,
  block: Uint8Array,
  zstd: ZstdDecoder | undefined,
): boolean {
  if (flags & ZLIB) return inflate(data, block);
  if (flags & LZO) return decodeLzo1x(data, block) === block.length;
  if (flags & SNAPPY) return decodeSnappy(data, block) === block.length;
  if (flags & ZSTD) return zstd !== undefined && zstd(data, block) === block.length;
  if (data.length !== block.length) return false;
  block.set(data);
  return true;
}

function inflate(data: Uint8Array, block: Uint8Array): boolean {
  try {
    const bytes = inflateSync(data, { chunkSize: block.length + 64, maxOutputLength: block.length + 64 });
    if (bytes.length !== block.length) return false;
    block.set(bytes);
    return true;
  } catch {
    return false;
  }
}
