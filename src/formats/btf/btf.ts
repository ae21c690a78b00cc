import { FormatError } from '../../core/errors.ts';
import { type BtfSections, parseBtfHeader } from './header.ts';
import {
  ARRAY,
  CONST,
  DATASEC,
  ENUM,
  ENUM64,
  FLOAT,
  INT,
  KIND_NAMES,
  PTR,
  RESTRICT,
  STRUCT,
  TYPE_TAG,
  TYPEDEF,
  UNION,
  VAR,
  VOLATILE,
} from './kinds.ts';
import { BtfStrings, NameIndex } from './names.ts';
import { type TypeTable, tabulate, typeWords } from './type-table.ts';

/** A member of a struct or union. */
export interface BtfMember {
  /** Empty for an anonymous struct or union, and for padding. */
  readonly name: string;
  readonly typeId: number;
  readonly bitOffset: number;
  /** 0 unless a bit field. */
  readonly bitSize: number;
}

/** The place of a member in the outermost struct. */
export interface BtfPlace {
  /** Offset from the start of the struct, in bytes. */
  readonly offset: number;
  /** Size in bytes. */
  readonly size: number;
  readonly typeId: number;
  /** For a bit field: its width and its lowest bit, within the word of `size` bytes at `offset` once read. */
  readonly bits?: { readonly shift: number; readonly width: number };
}

/** Maximum number of consecutive typedefs and qualifiers; more are a loop. */
const MAX_CHAIN = 64;
/** The type with the size of a pointer in every kernel; BTF does not state the latter. */
const LONG = 'long unsigned int';
/** Larger sizes are nonsense, and would exceed the exact integers of a double. */
const MAX_SIZE = 2 ** 48;

/**
 * The types of a kernel in BTF of either byte order (Documentation/bpf/btf.rst, include/uapi/linux/btf.h). Reads on demand;
 * the first lookup walks the type section once.
 *
 * Every method may throw FormatError if the bytes are damaged.
 */
export class Btf {
  readonly origin: string;
  readonly #bytes: Uint8Array;
  readonly #sections: BtfSections;
  readonly #words: Uint32Array;
  readonly #strings: BtfStrings;
  #table: TypeTable | undefined;
  #names: NameIndex | undefined;
  #longSize: number | undefined;

  private constructor(bytes: Uint8Array, sections: BtfSections, origin: string) {
    this.origin = origin;
    this.#bytes = bytes;
    this.#sections = sections;
    this.#words = typeWords(bytes, sections);
    this.#strings = new BtfStrings(
      bytes.subarray(sections.stringsAt, sections.stringsAt + sections.stringsLength),
    );
  }

  /**
   * Checks the header and the frame of BTF. `bytes` may be longer than the BTF in it.
   * @throws FormatError if it is damaged or cut off
   */
  static parse(bytes: Uint8Array, origin: string): Btf {
    const sections = parseBtfHeader(bytes, origin);
    if (sections.end > bytes.length) {
      throw new FormatError({
        file: origin,
        offset: 8,
        expected: `BTF of ${sections.end} bytes, as its header says`,
        found: `${bytes.length} bytes`,
      });
    }
    const last = sections.stringsAt + sections.stringsLength - 1;
    if (bytes[sections.stringsAt] !== 0 || bytes[last] !== 0) {
      throw new FormatError({
        file: origin,
        offset: sections.stringsAt,
        expected: 'strings that begin with an empty one and end with a NUL',
        found: `bytes ${bytes[sections.stringsAt]} and ${bytes[last]}`,
      });
    }
    return new Btf(bytes, sections, origin);
  }

  /** Number of bytes from the header to the end of the last section; the bytes given to `parse` may be longer. */
  get byteLength(): number {
    return this.#sections.end;
  }

  /** Number of types, including void: valid ids are 0 … typeCount - 1. */
  get typeCount(): number {
    return this.#types().count;
  }

  /**
   * The id of the struct or union with a name, never of a forward declaration; the largest if several share it. A typedef
   * of a struct counts if no struct has the name (`nodemask_t`).
   */
  struct(name: string): number | undefined {
    let best: number | undefined;
    let alias: number | undefined;
    for (const id of this.#find(name)) {
      const kind = this.#kind(id);
      if (kind === STRUCT || kind === UNION) {
        if (best === undefined || this.sizeOf(id) > this.sizeOf(best)) best = id;
      } else if (kind === TYPEDEF) alias ??= this.#composite(id);
    }
    return best ?? alias;
  }

  /** Size of a type in bytes, through typedefs and qualifiers. 0 for void, functions, and unknown ids. */
  sizeOf(typeId: number): number {
    let elements = 1;
    let id = typeId;
    for (let steps = 0; steps < MAX_CHAIN; steps++) {
      const kind = this.#kind(id);
      const at = this.#types().starts[id] ?? 0;
      if (kind === ARRAY) {
        elements *= this.#words[at + 5]!;
        id = this.#words[at + 3]!;
      } else if (isAlias(kind) || kind === VAR) id = this.#words[at + 2]!;
      else {
        const size = kind === PTR ? this.#pointerSize : hasSize(kind) ? this.#words[at + 2]! : 0;
        return elements * size <= MAX_SIZE ? elements * size : 0;
      }
    }
    return 0;
  }

  structSize(name: string): number | undefined {
    const id = this.struct(name);
    return id === undefined ? undefined : this.sizeOf(id);
  }

  /** Members of a struct or union, through typedefs and qualifiers; none for other types. */
  members(typeId: number): readonly BtfMember[] {
    const id = this.#composite(typeId);
    if (id === undefined) return [];
    const out: BtfMember[] = [];
    for (let i = 0; i < this.#elements(id); i++) out.push(this.#member(id, i));
    return out;
  }

  /**
   * Finds a member. A path consists of names with dots between them: `flags.f`, `_mapcount`, `node_zones`. Anonymous
   * structs and unions are searched at every step; array elements and pointers are not part of paths.
   */
  place(structName: string, path: string): BtfPlace | undefined {
    let holder = this.struct(structName);
    let bitOffset = 0;
    let member: BtfMember | undefined;
    for (const step of path.split('.')) {
      if (holder === undefined) return undefined;
      member = this.#lookUp(holder, Buffer.from(step, 'latin1'), new Set());
      if (member === undefined) return undefined;
      bitOffset += member.bitOffset;
      holder = this.#composite(member.typeId);
    }
    return member && this.#placeAt(member, bitOffset);
  }

  /** The constants of an enum; if several share the name, of the one with most constants. */
  enumerators(enumName: string): ReadonlyMap<string, bigint> | undefined {
    let best: number | undefined;
    for (const id of this.#find(enumName)) {
      const isEnum = this.#kind(id) === ENUM || this.#kind(id) === ENUM64;
      if (isEnum && (best === undefined || this.#elements(id) > this.#elements(best))) best = id;
    }
    if (best === undefined) return undefined;
    if (!this.namesAreWhole(best)) {
      throw new FormatError({
        file: this.origin,
        expected: `constants of enum ${enumName} with names`,
        found: 'one whose name is the end of another, or outside of the strings',
      });
    }
    const out = new Map<string, bigint>();
    for (let i = 0; i < this.#elements(best); i++) {
      const { nameAt, value } = this.#constant(best, i);
      out.set(this.#strings.text(nameAt), value);
    }
    return out;
  }

  /** The value of a constant in any enum, named or anonymous. */
  enumerator(name: string): bigint | undefined {
    const wanted = Buffer.from(name, 'latin1');
    for (const id of this.#types().named) {
      const kind = this.#kind(id);
      if (kind !== ENUM && kind !== ENUM64) continue;
      const stride = kind === ENUM ? 2 : 3;
      const first = this.#types().starts[id]! + 3;
      const count = this.#elements(id);
      for (let i = 0; i < count; i++) {
        if (this.#strings.equals(this.#words[first + i * stride]!, wanted))
          return this.#constant(id, i).value;
      }
    }
    return undefined;
  }

  /** Whether the names of a type and of its members or constants are whole strings. */
  namesAreWhole(typeId: number): boolean {
    const id = this.#throughAliases(typeId);
    const kind = this.#kind(id);
    const at = this.#types().starts[id] ?? 0;
    const stride = kind === STRUCT || kind === UNION || kind === ENUM64 ? 3 : kind === ENUM ? 2 : 0;
    if (!this.#strings.isStart(this.#words[at]!)) return false;
    for (let i = 0; stride > 0 && i < this.#elements(id); i++) {
      if (!this.#strings.isStart(this.#words[at + 3 + i * stride]!)) return false;
    }
    return true;
  }

  /** The type behind typedefs and qualifiers. */
  resolve(typeId: number): number {
    return this.#throughAliases(typeId);
  }

  /** Number of elements of an array; undefined for other types. Excludes the inner lengths of nested arrays. */
  arrayLength(typeId: number): number | undefined {
    const id = this.#throughAliases(typeId);
    return this.#kind(id) === ARRAY ? this.#words[this.#types().starts[id]! + 5]! : undefined;
  }

  /** `struct`, `typedef`, …; `void` for 0, `unknown` for an id out of range, `kind 20` for newer kinds. */
  kindOf(typeId: number): string {
    if (typeId === 0) return 'void';
    const kind = this.#kind(typeId);
    return kind === 0 ? 'unknown' : (KIND_NAMES[kind] ?? `kind ${kind}`);
  }

  /** The name of a type; empty if it has none. */
  nameOf(typeId: number): string {
    return this.#kind(typeId) === 0 ? '' : this.#strings.text(this.#words[this.#types().starts[typeId]!]!);
  }

  /** Size of a pointer in bytes: 8 unless `unsigned long` differs. */
  get #pointerSize(): number {
    if (this.#longSize === undefined) {
      this.#longSize = 8;
      const name = Buffer.from(LONG, 'latin1');
      const { starts, count } = this.#types();
      for (let id = 1; id < count; id++) {
        const at = starts[id]!;
        if (this.#kind(id) !== INT || !this.#strings.equals(this.#words[at]!, name)) continue;
        this.#longSize = this.#words[at + 2]!;
        break;
      }
    }
    return this.#longSize;
  }

  #types(): TypeTable {
    this.#table ??= tabulate(this.#words, this.#bytes, this.#sections, this.origin);
    return this.#table;
  }

  #find(name: string): Iterable<number> {
    if (!this.#names) {
      const { named, starts } = this.#types();
      this.#names = new NameIndex(this.#strings, named, (id) => this.#words[starts[id]!]!);
    }
    return this.#names.find(name);
  }

  /** The kind of a type; 0 for void and for ids out of range. */
  #kind(id: number): number {
    const { starts, count } = this.#types();
    return id > 0 && id < count ? (this.#words[starts[id]! + 1]! >>> 24) & 0x7f : 0;
  }

  #elements(id: number): number {
    return this.#words[this.#types().starts[id]! + 1]! & 0xffffff;
  }

  #throughAliases(typeId: number): number {
    let id = typeId;
    for (let steps = 0; steps < MAX_CHAIN && isAlias(this.#kind(id)); steps++) {
      id = this.#words[this.#types().starts[id]! + 2]!;
    }
    return id;
  }

  #composite(typeId: number): number | undefined {
    const id = this.#throughAliases(typeId);
    const kind = this.#kind(id);
    return kind === STRUCT || kind === UNION ? id : undefined;
  }

  #member(id: number, index: number): BtfMember {
    const at = this.#types().starts[id]!;
    const member = at + 3 + index * 3;
    const typeId = this.#words[member + 1]!;
    const where = this.#words[member + 2]!;
    const name = this.#strings.text(this.#words[member]!);
    if (this.#words[at + 1]! >>> 31 === 1) {
      return { name, typeId, bitOffset: where & 0xffffff, bitSize: where >>> 24 };
    }
    // Without the flag, only the type shows a bit field: an int with fewer bits than its bytes hold.
    const type = this.#throughAliases(typeId);
    if (this.#kind(type) === INT) {
      const encoding = this.#words[this.#types().starts[type]! + 3]!;
      const bits = encoding & 0xff;
      if (bits !== 0 && bits !== this.sizeOf(type) * 8) {
        return { name, typeId, bitOffset: where + ((encoding >>> 16) & 0xff), bitSize: bits };
      }
    }
    return { name, typeId, bitOffset: where, bitSize: 0 };
  }

  /** Finds a name in a struct and its anonymous members, with the offset from the outermost struct. */
  #lookUp(id: number, name: Uint8Array, seen: Set<number>): BtfMember | undefined {
    seen.add(id);
    const anonymous: BtfMember[] = [];
    const first = this.#types().starts[id]! + 3;
    const count = this.#elements(id);
    for (let i = 0; i < count; i++) {
      const nameAt = this.#words[first + i * 3]!;
      if (this.#strings.isEmpty(nameAt)) anonymous.push(this.#member(id, i));
      else if (this.#strings.equals(nameAt, name)) return this.#member(id, i);
    }
    if (seen.size > MAX_CHAIN) return undefined;
    for (const inner of anonymous) {
      const composite = this.#composite(inner.typeId);
      if (composite === undefined || seen.has(composite)) continue;
      const found = this.#lookUp(composite, name, seen);
      if (found) return { ...found, bitOffset: inner.bitOffset + found.bitOffset };
    }
    return undefined;
  }

  #placeAt(member: BtfMember, bitOffset: number): BtfPlace {
    const { typeId, bitSize } = member;
    const size = this.sizeOf(typeId);
    const offset = Math.floor(bitOffset / 8);
    if (bitSize === 0) return { offset, size, typeId };
    // Places a bit field as compilers do: in the aligned word of the declared type, unless it crosses that in a packed
    // struct.
    let start = size > 0 ? bitOffset - (bitOffset % (size * 8)) : bitOffset - (bitOffset % 8);
    let bytes = size;
    if (bitOffset - start + bitSize > bytes * 8) {
      start = offset * 8;
      bytes = Math.ceil((bitOffset - start + bitSize) / 8);
    }
    const fromStart = bitOffset - start;
    const shift = this.#sections.littleEndian ? fromStart : bytes * 8 - fromStart - bitSize;
    return { offset: start / 8, size: bytes, typeId, bits: { shift, width: bitSize } };
  }

  #constant(id: number, index: number): { nameAt: number; value: bigint } {
    const at = this.#types().starts[id]!;
    const flagged = this.#words[at + 1]! >>> 31 === 1;
    if (this.#kind(id) === ENUM64) {
      const element = at + 3 + index * 3;
      const value = (BigInt(this.#words[element + 2]!) << 32n) | BigInt(this.#words[element + 1]!);
      return { nameAt: this.#words[element]!, value: flagged ? BigInt.asIntN(64, value) : value };
    }
    const element = at + 3 + index * 2;
    const value = this.#words[element + 1]!;
    const signed = flagged || !this.#types().knowsSigned;
    return { nameAt: this.#words[element]!, value: BigInt(signed ? value | 0 : value) };
  }
}

function isAlias(kind: number): boolean {
  return kind === TYPEDEF || kind === VOLATILE || kind === CONST || kind === RESTRICT || kind === TYPE_TAG;
}

function hasSize(kind: number): boolean {
  return (
    kind === INT ||
    kind === STRUCT ||
    kind === UNION ||
    kind === ENUM ||
    kind === ENUM64 ||
    kind === FLOAT ||
    kind === DATASEC
  );
}
