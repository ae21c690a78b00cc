import { viewOf } from '../../core/bytes.ts';
import { FormatError } from '../../core/errors.ts';
import { type BtfSections, parseBtfHeader } from './header.ts';

/**
 * The types of a kernel and of one of its modules as one BTF. The ids and the strings of a module's BTF continue those of the
 * kernel (Documentation/bpf/btf.rst, "split BTF"), so that the sections of both are put behind one another. Throws FormatError.
 */
export function joinBtf(base: Uint8Array, split: Uint8Array, origin: string): Uint8Array {
  const [first, second] = [parseBtfHeader(base, origin), parseBtfHeader(split, origin)];
  for (const [bytes, { end }] of [
    [base, first],
    [split, second],
  ] as const) {
    if (end > bytes.length) {
      throw new FormatError({
        file: origin,
        expected: `BTF of ${end} bytes`,
        found: `${bytes.length} bytes`,
      });
    }
  }
  if (first.littleEndian !== second.littleEndian) {
    throw new FormatError({ file: origin, expected: 'types of one byte order', found: 'two' });
  }
  const types = first.typesLength + second.typesLength;
  const strings = first.stringsLength + second.stringsLength;
  const joined = new Uint8Array(HEADER + types + strings);
  const header = viewOf(joined);
  const word = (at: number, value: number): void => header.setUint32(at, value, first.littleEndian);
  joined.set(base.subarray(0, 4));
  word(4, HEADER);
  word(12, types);
  word(16, types);
  word(20, strings);
  joined.set(typesOf(base, first), HEADER);
  joined.set(typesOf(split, second), HEADER + first.typesLength);
  joined.set(stringsOf(base, first), HEADER + types);
  joined.set(stringsOf(split, second), HEADER + types + first.stringsLength);
  return joined;
}

/** Magic, version and flags; length of the header; offset and length of types and of strings. */
const HEADER = 24;

function typesOf(bytes: Uint8Array, { typesAt, typesLength }: BtfSections): Uint8Array {
  return bytes.subarray(typesAt, typesAt + typesLength);
}

function stringsOf(bytes: Uint8Array, { stringsAt, stringsLength }: BtfSections): Uint8Array {
  return bytes.subarray(stringsAt, stringsAt + stringsLength);
}
