import { viewOf } from '../../core/bytes.ts';
import { FormatError } from '../../core/errors.ts';

const MAGIC = 0xeb9f;
/** The header up to 7.0; later ones are longer and name a layout section. */
const SHORT_HEADER = 24;
const HEADER_WITH_LAYOUT = 32;

/** The sections of BTF: byte offsets from the start of its header. */
export interface BtfSections {
  readonly littleEndian: boolean;
  readonly typesAt: number;
  readonly typesLength: number;
  readonly stringsAt: number;
  readonly stringsLength: number;
  /** The section with the length of every kind that the producer knew; length 0 if there is none. */
  readonly layoutAt: number;
  readonly layoutLength: number;
  /** The end of the last section. */
  readonly end: number;
}

/**
 * Reads the header of BTF of either byte order (`struct btf_header`, include/uapi/linux/btf.h). `bytes` may be its first 32
 * bytes, since it reads nothing else. Throws FormatError.
 */
export function parseBtfHeader(bytes: Uint8Array, origin: string): BtfSections {
  const damaged = (offset: number, expected: string, found: string): FormatError =>
    new FormatError({ file: origin, offset, expected, found });
  if (bytes.length < SHORT_HEADER) {
    throw damaged(0, `a BTF header of ${SHORT_HEADER} bytes`, `${bytes.length} bytes`);
  }
  const view = viewOf(bytes);
  const littleEndian = view.getUint16(0, true) === MAGIC;
  if (!littleEndian && view.getUint16(0) !== MAGIC) {
    throw damaged(0, 'the BTF magic 0xeb9f', `0x${view.getUint16(0, true).toString(16)}`);
  }
  if (view.getUint8(2) !== 1) throw damaged(2, 'BTF version 1', `version ${view.getUint8(2)}`);
  const u32 = (at: number): number => view.getUint32(at, littleEndian);
  const headerLength = u32(4);
  if (headerLength < SHORT_HEADER || headerLength % 4 !== 0 || headerLength > 4096) {
    throw damaged(4, `a header length of ${SHORT_HEADER} or a little more`, `${headerLength}`);
  }
  const hasLayout = headerLength >= HEADER_WITH_LAYOUT && bytes.length >= HEADER_WITH_LAYOUT;
  const typesAt = headerLength + u32(8);
  const typesLength = u32(12);
  const stringsAt = headerLength + u32(16);
  const stringsLength = u32(20);
  const layoutLength = hasLayout ? u32(28) : 0;
  const layoutAt = headerLength + (layoutLength > 0 ? u32(24) : 0);
  if (typesAt % 4 !== 0 || typesLength % 4 !== 0) {
    throw damaged(8, 'a type section in whole 32-bit words', `offset ${typesAt}, length ${typesLength}`);
  }
  if (stringsLength === 0) throw damaged(20, 'a string section', 'one of length 0');
  if (typesAt < stringsAt + stringsLength && stringsAt < typesAt + typesLength) {
    throw damaged(8, 'sections that do not overlap', 'types and strings that do');
  }
  const end = Math.max(typesAt + typesLength, stringsAt + stringsLength, layoutAt + layoutLength);
  return { littleEndian, typesAt, typesLength, stringsAt, stringsLength, layoutAt, layoutLength, end };
}
