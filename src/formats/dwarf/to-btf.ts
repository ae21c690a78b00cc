import { FormatError } from '../../core/errors.ts';
import { BtfWriter, type MemberToWrite } from '../btf/writer.ts';
import { AT, ENCODING, OP_PLUS_UCONST, TAG } from './constants.ts';
import { Cursor } from './cursor.ts';
import { type Definitions, elsewhere, findDefinitions, numberOf, type WantedTypes } from './definitions.ts';
import { children, type Entry, readEntry, reading } from './entries.ts';
import { DwarfStrings } from './strings.ts';
import { type DwarfSections, type LoadedUnit, type Unit, UnitLoader } from './units.ts';
import type { Value } from './values.ts';

/** Number of units cached while types are followed; most of a type is in one unit. */
const KEPT_UNITS = 8;
/** Maximum depth of nested types; more are damage. */
const MAX_DEPTH = 64;

/**
 * Converts the wanted types of a file with DWARF, and the types of their members, to BTF. The target of a pointer is
 * followed only if it is wanted itself. Throws FormatError for damage, and UnsupportedError if the types are in another
 * file.
 */
export function dwarfToBtf(sections: DwarfSections, wanted: WantedTypes): Uint8Array {
  return new Converter(sections, findDefinitions(sections, wanted)).run();
}

class Converter {
  readonly #sections: DwarfSections;
  readonly #definitions: Definitions;
  readonly #strings: DwarfStrings;
  readonly #loader: UnitLoader;
  readonly #writer = new BtfWriter();
  /** Ids by the offset of the entry. */
  readonly #ids: Map<number, number> = new Map();

  constructor(sections: DwarfSections, definitions: Definitions) {
    this.#sections = sections;
    this.#definitions = definitions;
    this.#strings = new DwarfStrings(sections, new Set());
    this.#loader = new UnitLoader(sections, KEPT_UNITS);
  }

  run(): Uint8Array {
    const { structs, typedefs, enums } = this.#definitions;
    for (const [name, offset] of typedefs) if (!structs.has(name)) this.#type(offset, 0);
    for (const offset of [...structs.values(), ...enums.values()]) this.#type(offset, 0);
    return this.#writer.bytes(this.#sections.littleEndian);
  }

  /** The id of the type whose entry is at `offset`; 0 is void. */
  #type(offset: number, depth: number): number {
    const known = this.#ids.get(offset);
    if (known !== undefined) return known;
    const loaded = this.#loader.load(this.#unitOf(offset));
    const cursor = new Cursor(loaded.bytes, this.#sections.littleEndian, offset - loaded.unit.start);
    return reading(this.#sections, loaded, cursor, () => {
      const entry = readEntry(loaded, cursor);
      if (!entry) throw new RangeError('no entry where a type is referred to');
      if (depth > MAX_DEPTH) throw new RangeError('types that hold one another without end');
      return this.#convert(loaded, cursor, entry, depth + 1);
    });
  }

  #convert(loaded: LoadedUnit, cursor: Cursor, entry: Entry, depth: number): number {
    const writer = this.#writer;
    const { tag, offset } = entry;
    const name = this.#text(loaded, entry.attributes.get(AT.name));
    const size = numberOf(entry, AT.byte_size) ?? 0;
    if (ALIASES.has(tag)) return this.#target(loaded, entry, depth);
    if (tag === TAG.subroutine_type || !CONVERTED.has(tag)) return 0;
    const id = writer.reserve();
    this.#ids.set(offset, id);
    switch (tag) {
      case TAG.base_type: {
        const encoding = numberOf(entry, AT.encoding);
        if (encoding === ENCODING.float) writer.float(id, name, size);
        else {
          const signed = encoding === ENCODING.signed || encoding === ENCODING.signed_char;
          writer.int(id, name, size, { signed, boolean: encoding === ENCODING.boolean });
        }
        break;
      }
      case TAG.pointer_type:
        writer.pointer(id, this.#pointee(loaded, entry, depth));
        break;
      case TAG.typedef:
        writer.typedef(id, name, this.#target(loaded, entry, depth));
        break;
      case TAG.array_type:
        this.#array(id, loaded, cursor, entry, depth);
        break;
      case TAG.enumeration_type:
        writer.enumeration(id, name, size, this.#constants(loaded, cursor));
        break;
      default: {
        const isUnion = tag === TAG.union_type;
        if (entry.attributes.has(AT.declaration)) writer.forward(id, name, isUnion);
        else writer.struct(id, name, isUnion, size, this.#members(loaded, cursor, entry, depth));
      }
    }
    return id;
  }

  /** The target of DW_AT_type; 0 for void. */
  #target(loaded: LoadedUnit, entry: Entry, depth: number): number {
    const offset = this.#reference(loaded, entry);
    return offset === undefined ? 0 : this.#type(offset, depth);
  }

  #reference({ unit }: LoadedUnit, entry: Entry): number | undefined {
    const value = entry.attributes.get(AT.type);
    if (value?.kind === 'local') return unit.start + value.offset;
    if (value?.kind === 'global') return value.offset;
    if (value?.kind === 'elsewhere') throw elsewhere(this.#sections.name, value.where);
    return undefined;
  }

  /** The target of a pointer: a struct by name only, so that chains of pointers do not lead to all types. */
  #pointee(loaded: LoadedUnit, pointer: Entry, depth: number): number {
    let holder = loaded;
    let entry: Entry | undefined = pointer;
    for (let steps = 0; entry && steps < MAX_DEPTH; steps++) {
      const offset = this.#reference(holder, entry);
      if (offset === undefined) return 0;
      holder = this.#loader.load(this.#unitOf(offset));
      const at = offset - holder.unit.start;
      entry = readEntry(holder, new Cursor(holder.bytes, this.#sections.littleEndian, at));
      if (!entry) return 0;
      if (entry.tag === TAG.structure_type || entry.tag === TAG.union_type) {
        return this.#named(holder, entry, depth);
      }
      if (entry.tag === TAG.base_type || entry.tag === TAG.pointer_type) return this.#type(offset, depth);
      if (!ALIASES.has(entry.tag) && entry.tag !== TAG.typedef) return 0;
    }
    return 0;
  }

  #named(loaded: LoadedUnit, entry: Entry, depth: number): number {
    const name = this.#text(loaded, entry.attributes.get(AT.name));
    const definition = this.#definitions.structs.get(name);
    if (definition !== undefined) return this.#type(definition, depth);
    const known = this.#ids.get(entry.offset);
    if (known !== undefined || name === '') return known ?? 0;
    const id = this.#writer.reserve();
    this.#writer.forward(id, name, entry.tag === TAG.union_type);
    return id;
  }

  #members(loaded: LoadedUnit, cursor: Cursor, holder: Entry, depth: number): MemberToWrite[] {
    const members: MemberToWrite[] = [];
    for (const entry of children(loaded, cursor)) {
      if (entry.tag !== TAG.member || entry.attributes.has(AT.declaration)) continue;
      members.push({
        name: this.#text(loaded, entry.attributes.get(AT.name)),
        type: this.#target(loaded, entry, depth),
        ...this.#bits(entry, holder),
      });
    }
    return members;
  }

  /**
   * The place of a member. DWARF 5 counts the bits of bit fields from the start of the struct, older versions from the end
   * of their storage.
   */
  #bits(entry: Entry, holder: Entry): { bitOffset: number; bitSize: number } {
    const bitSize = numberOf(entry, AT.bit_size) ?? 0;
    const direct = numberOf(entry, AT.data_bit_offset);
    if (direct !== undefined) return { bitOffset: direct, bitSize };
    const start = locationOf(entry, holder, this.#sections) * 8;
    const fromHigh = numberOf(entry, AT.bit_offset);
    if (fromHigh === undefined) return { bitOffset: start, bitSize };
    const storage = (numberOf(entry, AT.byte_size) ?? 4) * 8;
    const within = this.#sections.littleEndian ? storage - fromHigh - bitSize : fromHigh;
    return { bitOffset: start + within, bitSize };
  }

  /** Turns an array of arrays into one array with as many elements, as pahole does in the BTF of kernels. */
  #array(id: number, loaded: LoadedUnit, cursor: Cursor, entry: Entry, depth: number): void {
    let length = 1;
    for (const child of children(loaded, cursor)) {
      if (child.tag !== TAG.subrange_type) continue;
      // a flexible array has no bound, or a bound of -1
      const upper = numberOf(child, AT.upper_bound) ?? -1;
      length *= numberOf(child, AT.count) ?? upper + 1;
    }
    this.#writer.array(id, this.#target(loaded, entry, depth), length > 0xffffffff ? 0 : length);
  }

  #constants(loaded: LoadedUnit, cursor: Cursor): [string, bigint][] {
    const constants: [string, bigint][] = [];
    for (const entry of children(loaded, cursor)) {
      if (entry.tag !== TAG.enumerator) continue;
      const value = entry.attributes.get(AT.const_value);
      constants.push([
        this.#text(loaded, entry.attributes.get(AT.name)),
        value?.kind === 'number' ? value.value : 0n,
      ]);
    }
    return constants;
  }

  #text({ unit }: LoadedUnit, value: Value | undefined): string {
    if (!value) return '';
    if (value.kind === 'elsewhere') throw elsewhere(this.#sections.name, value.where);
    return (
      this.#strings.text(value, this.#definitions.stringBases.get(unit.start) ?? 8, unit.offsetSize) ?? ''
    );
  }

  #unitOf(offset: number): Unit {
    const { units } = this.#definitions;
    let low = 0;
    let high = units.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (units[middle]!.start <= offset) low = middle;
      else high = middle - 1;
    }
    const unit = units[low];
    if (unit && offset >= unit.start + unit.firstEntry && offset < unit.end) return unit;
    throw new FormatError({
      file: `${this.#sections.name}, .debug_info`,
      expected: 'a type within a unit',
      found: `a reference to offset ${offset}`,
    });
  }
}

const ALIASES: ReadonlySet<number> = new Set([
  TAG.const_type,
  TAG.volatile_type,
  TAG.restrict_type,
  TAG.atomic_type,
]);

const CONVERTED: ReadonlySet<number> = new Set([
  TAG.base_type,
  TAG.pointer_type,
  TAG.typedef,
  TAG.array_type,
  TAG.enumeration_type,
  TAG.structure_type,
  TAG.union_type,
]);

/** DW_AT_data_member_location: a number, or an expression that adds one. A union's members have none. */
function locationOf(entry: Entry, holder: Entry, { name, littleEndian }: DwarfSections): number {
  const value = entry.attributes.get(AT.data_member_location);
  if (!value) return 0;
  if (value.kind === 'number') return Number(value.value);
  if (value.kind === 'block' && value.bytes[0] === OP_PLUS_UCONST)
    return new Cursor(value.bytes, littleEndian, 1).uleb();
  throw new FormatError({
    file: `${name}, .debug_info`,
    offset: entry.offset,
    expected: `the offset of a member of the struct at ${holder.offset}`,
    found: 'an expression of another kind',
  });
}
