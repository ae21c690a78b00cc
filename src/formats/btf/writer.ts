import { ARRAY, ENUM, ENUM64, FLOAT, INT, PTR, STRUCT, TYPEDEF, UNION } from './kinds.ts';

/** A member to write: its offset and, for a bit field, its width are in bits. */
export interface MemberToWrite {
  readonly name: string;
  readonly type: number;
  readonly bitOffset: number;
  readonly bitSize: number;
}

const FWD = 7;
const HEADER_BYTES = 24;
const MAGIC = 0xeb9f;
/** The kind_flag of a struct leaves 24 bits for the offset of a member. */
const MOST_FLAGGED_OFFSET = 0xffffff;

/**
 * Makes BTF (Documentation/bpf/btf.rst) from the types of other formats, so that one reader serves all. Ids are allocated
 * first and filled in later, since types may refer to themselves.
 */
export class BtfWriter {
  readonly #types: (number[] | undefined)[] = [undefined];
  readonly #strings: Map<string, number> = new Map([['', 0]]);
  readonly #texts: string[] = [''];
  #stringBytes = 1;

  /** Allocates the id of a type that another method fills in. */
  reserve(): number {
    return this.#types.push(undefined) - 1;
  }

  int(id: number, name: string, size: number, encoding: { signed: boolean; boolean: boolean }): void {
    const flags = (encoding.signed ? 1 : 0) | (encoding.boolean ? 4 : 0);
    this.#types[id] = [this.#name(name), info(INT, 0), size, flags * 2 ** 24 + size * 8];
  }

  float(id: number, name: string, size: number): void {
    this.#types[id] = [this.#name(name), info(FLOAT, 0), size];
  }

  pointer(id: number, to: number): void {
    this.#types[id] = [0, info(PTR, 0), to];
  }

  typedef(id: number, name: string, to: number): void {
    this.#types[id] = [this.#name(name), info(TYPEDEF, 0), to];
  }

  /** Adds a struct or union of which only the name is known. */
  forward(id: number, name: string, isUnion: boolean): void {
    this.#types[id] = [this.#name(name), info(FWD, 0, isUnion), 0];
  }

  array(id: number, element: number, length: number): void {
    this.#types[id] = [0, info(ARRAY, 0), 0, element, 0, length];
  }

  struct(id: number, name: string, isUnion: boolean, size: number, members: readonly MemberToWrite[]): void {
    const flagged =
      members.some((m) => m.bitSize > 0) && members.every((m) => m.bitOffset <= MOST_FLAGGED_OFFSET);
    this.#types[id] = [
      this.#name(name),
      info(isUnion ? UNION : STRUCT, members.length, flagged),
      size,
      ...members.flatMap((m) => [
        this.#name(m.name),
        m.type,
        flagged ? m.bitSize * 2 ** 24 + m.bitOffset : m.bitOffset,
      ]),
    ];
  }

  enumeration(
    id: number,
    name: string,
    size: number,
    constants: readonly (readonly [string, bigint])[],
  ): void {
    const wide = constants.some(([, value]) => BigInt.asIntN(32, value) !== value);
    const signed = constants.some(([, value]) => value < 0n);
    this.#types[id] = [
      this.#name(name),
      info(wide ? ENUM64 : ENUM, constants.length, signed),
      size,
      ...constants.flatMap(([text, value]) => {
        const low = Number(BigInt.asUintN(32, value));
        return wide
          ? [this.#name(text), low, Number(BigInt.asUintN(32, value >> 32n))]
          : [this.#name(text), low];
      }),
    ];
  }

  /** All types, in the byte order of their machine, by which bit fields are counted. */
  bytes(littleEndian: boolean): Uint8Array {
    const words = this.#types.slice(1).flatMap((type) => type ?? [0, info(FWD, 0), 0]);
    const out = new Uint8Array(HEADER_BYTES + words.length * 4 + this.#stringBytes);
    const view = new DataView(out.buffer);
    view.setUint16(0, MAGIC, littleEndian);
    view.setUint8(2, 1);
    const fields = [HEADER_BYTES, 0, words.length * 4, words.length * 4, this.#stringBytes];
    for (const [i, field] of [...fields, ...words].entries()) view.setUint32(4 + i * 4, field, littleEndian);
    out.set(Buffer.from(`${this.#texts.join('\0')}\0`, 'latin1'), HEADER_BYTES + words.length * 4);
    return out;
  }

  #name(text: string): number {
    let at = this.#strings.get(text);
    if (at === undefined) {
      at = this.#stringBytes;
      this.#strings.set(text, at);
      this.#texts.push(text);
      this.#stringBytes += text.length + 1;
    }
    return at;
  }
}

function info(kind: number, elements: number, flag = false): number {
  return (flag ? 2 ** 31 : 0) + kind * 2 ** 24 + elements;
}
