import { FormatError } from '../../core/errors.ts';
import type { BtfSections } from './header.ts';
import { ENUM, ENUM64, KINDS, type KindSizes, knownKindSizes, STRUCT, TYPEDEF, UNION } from './kinds.ts';

const HOST_IS_LITTLE: boolean = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/** The result of one walk over the type section. */
export interface TypeTable {
  /** Number of types, including void: ids are 0 … count - 1. */
  readonly count: number;
  /** The word at which each type starts; 0 for void, which has none. */
  readonly starts: Uint32Array;
  /** Ids of structs, unions, enums and typedefs: the types that are looked up by name. */
  readonly named: Uint32Array;
  /** Whether the producer distinguished signed and unsigned enums (pahole 1.24, kernels since 6.0). */
  readonly knowsSigned: boolean;
}

/** The type section as 32-bit words of the host, since a type consists of 32-bit fields only. */
export function typeWords(bytes: Uint8Array, sections: BtfSections): Uint32Array {
  const { typesAt, typesLength, littleEndian } = sections;
  const start = bytes.byteOffset + typesAt;
  if (littleEndian === HOST_IS_LITTLE && start % 4 === 0) {
    return new Uint32Array(bytes.buffer, start, typesLength / 4);
  }
  const copy = bytes.slice(typesAt, typesAt + typesLength);
  if (littleEndian !== HOST_IS_LITTLE) Buffer.from(copy.buffer, copy.byteOffset, copy.length).swap32();
  return new Uint32Array(copy.buffer, copy.byteOffset, typesLength / 4);
}

/** Sizes of unknown kinds, from the layout section that kernels since 7.1 may have. */
function kindSizes(bytes: Uint8Array, sections: BtfSections): KindSizes {
  const sizes = knownKindSizes();
  const kinds = Math.min(KINDS, Math.floor(sections.layoutLength / 4));
  for (let kind = 1; kind < kinds; kind++) {
    const at = sections.layoutAt + kind * 4;
    const [fixed, each] = [bytes[at] ?? 0, bytes[at + 1] ?? 0];
    if (sizes.fixed[kind]! >= 0 || fixed % 4 !== 0 || each % 4 !== 0) continue;
    sizes.fixed[kind] = fixed / 4;
    sizes.each[kind] = each / 4;
  }
  return sizes;
}

/** Finds where every type starts. Throws FormatError for an unknown kind and for a type that is cut off. */
export function tabulate(
  words: Uint32Array,
  bytes: Uint8Array,
  sections: BtfSections,
  origin: string,
): TypeTable {
  const { fixed, each } = kindSizes(bytes, sections);
  const starts = new Uint32Array(Math.floor(words.length / 3) + 1);
  const named = new Uint32Array(starts.length);
  let count = 1;
  let names = 0;
  let knowsSigned = false;
  for (let at = 0; at < words.length; ) {
    const info = at + 3 <= words.length ? words[at + 1]! : 0;
    const kind = (info >>> 24) & 0x7f;
    if (fixed[kind]! < 0) {
      throw new FormatError({
        file: origin,
        offset: sections.typesAt + at * 4,
        expected: 'a BTF type of a known kind, or a layout section that gives its length',
        found: at + 3 <= words.length ? `kind ${kind} in type ${count}` : `the end within type ${count}`,
      });
    }
    starts[count] = at;
    if (kind === STRUCT || kind === UNION || kind === TYPEDEF) named[names++] = count;
    else if (kind === ENUM || kind === ENUM64) {
      named[names++] = count;
      if (kind === ENUM64 || info >>> 31 === 1) knowsSigned = true;
    }
    at += 3 + fixed[kind]! + each[kind]! * (info & 0xffffff);
    if (at > words.length) {
      throw new FormatError({
        file: origin,
        offset: sections.typesAt + starts[count]! * 4,
        expected: `type ${count} with ${info & 0xffffff} elements within the type section`,
        found: `a section that ends ${(at - words.length) * 4} bytes earlier`,
      });
    }
    count++;
  }
  return { count, starts: starts.subarray(0, count), named: named.subarray(0, names), knowsSigned };
}
