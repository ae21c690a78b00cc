import { type ByteSource, readUpTo, viewOf } from '../core/bytes.ts';

/** `EMiL` and `AVML`, the first words of the files. */
export const LIME_MAGIC = 0x4c694d45;
export const AVML_MAGIC = 0x4c4d5641;
export const LIME_HEADER = 32;
/** No machine has memory beyond this. */
const MAX_ADDRESS = 2n ** 52n;

/** The header before each range (lime.h of LiME, image.rs of AVML): little endian, last byte included. */
export interface LimeHeader {
  readonly magic: number;
  readonly version: number;
  readonly start: number;
  readonly end: number;
}

/** The header at `offset`; undefined at the end of the file; a text if it is wrong. */
export function readLimeHeader(source: ByteSource, offset: number): LimeHeader | string | undefined {
  const bytes = readUpTo(source, offset, LIME_HEADER);
  if (bytes.length === 0) return undefined;
  if (bytes.length < LIME_HEADER) return 'the file ends within a range header';
  const view = viewOf(bytes);
  const magic = view.getUint32(0, true);
  const version = view.getUint32(4, true);
  const known = (magic === LIME_MAGIC && version === 1) || (magic === AVML_MAGIC && version === 2);
  if (!known) {
    return `no range header, but magic 0x${magic.toString(16)} version ${version}`;
  }
  const start = view.getBigUint64(8, true);
  const last = view.getBigUint64(16, true);
  if (last < start || last >= MAX_ADDRESS) {
    return `a range from 0x${start.toString(16)} to 0x${last.toString(16)}`;
  }
  return { magic, version, start: Number(start), end: Number(last) + 1 };
}

export function startsWith(source: ByteSource, magic: number): boolean {
  const bytes = readUpTo(source, 0, 8);
  return bytes.length === 8 && viewOf(bytes).getUint32(0, true) === magic;
}

/** Number of bytes after the last range that are examined to tell the end of a longer disk from a damaged header. */
const LOOK_AHEAD = 65536;

/**
 * A warning about what is in the place of a range header: `found` is what is wrong with it. Zeros follow on a disk that is
 * longer than what was written to it, but a hole in a file looks the same.
 */
export function behindLastRange(source: ByteSource, offset: number, found: string): string {
  const ahead = readUpTo(source, offset, LOOK_AHEAD);
  if (ahead.some((byte) => byte !== 0))
    return `damaged at offset ${offset}: ${found}; the ranges after it are lost`;
  const rest = source.byteLength - offset;
  return `behind the last range, which ends at offset ${offset}, follow zeros instead of a range or the end of the file (${rest} bytes more, of which ${ahead.length} were looked at). This is probably the end of a disk that is longer than what was written to it; were it a hole in the file, ranges could be missing`;
}
