import { UnsupportedError } from '../../core/errors.ts';
import { AT, TAG } from './constants.ts';
import { Cursor } from './cursor.ts';
import { abbreviationAt, children, type Entry, readEntry, reading, skipEntry } from './entries.ts';
import { DwarfStrings } from './strings.ts';
import { type DwarfSections, type LoadedUnit, type Unit, UnitLoader, units } from './units.ts';
import type { Value } from './values.ts';

/** Names of types to look for. */
export interface WantedTypes {
  /** Structs and unions, by tag or by typedef. */
  readonly structs: ReadonlySet<string>;
  readonly enums: ReadonlySet<string>;
}

/** The definitions of types, as offsets of their entries in .debug_info. */
export interface Definitions {
  readonly structs: ReadonlyMap<string, number>;
  readonly typedefs: ReadonlyMap<string, number>;
  readonly enums: ReadonlyMap<string, number>;
  /** All units by ascending offset. */
  readonly units: readonly Unit[];
  /** DW_AT_str_offsets_base of the units that have it, by unit offset. */
  readonly stringBases: ReadonlyMap<number, number>;
}

/**
 * The start of the offsets in .debug_str_offsets for a unit without DW_AT_str_offsets_base: after the header of DWARF 5.
 */
const FIRST_OFFSET = 8;

interface Best {
  readonly offset: number;
  readonly size: number;
}

/**
 * Searches all units for definitions of the wanted types. Of several structs with one name it takes the largest, of enums
 * the one with most constants, like the BTF reader. Skips entries below the top level of a unit. Throws FormatError for
 * damage, and UnsupportedError if the types are in another file.
 */
export function findDefinitions(sections: DwarfSections, wanted: WantedTypes): Definitions {
  const strings = new DwarfStrings(sections, new Set([...wanted.structs, ...wanted.enums]));
  const loader = new UnitLoader(sections, 1);
  const all: Unit[] = [];
  const stringBases = new Map<number, number>();
  const structs = new Map<string, Best>();
  const typedefs = new Map<string, Best>();
  const enums = new Map<string, Best>();
  let alternate = false;

  const consider = (to: Map<string, Best>, name: string, offset: number, size: number): void => {
    const best = to.get(name);
    if (!best || size > best.size) to.set(name, { offset, size });
  };

  const visit = (loaded: LoadedUnit, cursor: Cursor): void => {
    const { unit } = loaded;
    cursor.at = unit.firstEntry;
    const root = readEntry(loaded, cursor);
    if (!root?.hasChildren) {
      refuseSplit(root, sections, strings);
      return;
    }
    const base = numberOf(root, AT.str_offsets_base) ?? FIRST_OFFSET;
    if (root.attributes.has(AT.str_offsets_base)) stringBases.set(unit.start, base);
    for (let depth = 1; depth > 0; ) {
      const from = cursor.at;
      const abbreviation = abbreviationAt(loaded, cursor);
      if (!abbreviation) {
        depth--;
        continue;
      }
      const { tag } = abbreviation;
      if (depth === 1 && VISITED_TAGS.has(tag)) {
        const behindCode = cursor.at;
        cursor.at = from;
        const entry = readEntry(loaded, cursor)!;
        const value = entry.attributes.get(AT.name);
        alternate ||= [...entry.attributes.values()].some(isAlternate);
        const name = value && strings.wanted(value, base, unit.offsetSize);
        if (name !== undefined && !entry.attributes.has(AT.declaration)) {
          if (tag === TAG.enumeration_type) {
            if (wanted.enums.has(name)) consider(enums, name, entry.offset, countChildren(loaded, cursor));
          } else if (tag === TAG.typedef) consider(typedefs, name, entry.offset, 0);
          else consider(structs, name, entry.offset, numberOf(entry, AT.byte_size) ?? 0);
        }
        cursor.at = behindCode;
      }
      if (skipEntry(loaded, cursor, abbreviation)) depth++;
    }
  };

  for (const unit of units(sections)) {
    all.push(unit);
    const loaded = loader.load(unit);
    const cursor = new Cursor(loaded.bytes, sections.littleEndian);
    reading(sections, loaded, cursor, () => visit(loaded, cursor));
  }
  if (alternate && structs.size === 0) throw elsewhere(sections.name, 'alternate');
  const offsets = (from: Map<string, Best>): Map<string, number> =>
    new Map([...from].map(([name, { offset }]) => [name, offset]));
  return {
    structs: offsets(structs),
    typedefs: offsets(typedefs),
    enums: offsets(enums),
    units: all,
    stringBases,
  };
}

/** Tags of the top-level entries to examine; an imported unit may be in another file. */
const VISITED_TAGS: ReadonlySet<number> = new Set([
  TAG.structure_type,
  TAG.union_type,
  TAG.typedef,
  TAG.enumeration_type,
  TAG.imported_unit,
]);

function isAlternate(value: Value): boolean {
  return value.kind === 'elsewhere' && value.where === 'alternate';
}

/** A numeric value that fits a double. */
export function numberOf(entry: Entry, attribute: number): number | undefined {
  const value = entry.attributes.get(attribute);
  return value?.kind === 'number' ? Number(value.value) : undefined;
}

function countChildren(loaded: LoadedUnit, cursor: Cursor): number {
  let count = 0;
  for (const _ of children(loaded, cursor)) count++;
  return count;
}

/** A unit without entries is a skeleton (CONFIG_DEBUG_INFO_SPLIT): its types are in a separate file. */
function refuseSplit(root: Entry | undefined, { name }: DwarfSections, strings: DwarfStrings): void {
  const value = root?.attributes.get(AT.dwo_name) ?? root?.attributes.get(AT.GNU_dwo_name);
  if (!value) return;
  const file = strings.text(value, FIRST_OFFSET, 4) ?? 'a .dwo file';
  throw new UnsupportedError(
    `${name}: its types are split off into other files, such as ${file}`,
    'name a kernel that was built without CONFIG_DEBUG_INFO_SPLIT, or one with BTF',
  );
}

/** The error for types in another file. */
export function elsewhere(name: string, where: 'alternate' | 'type unit'): UnsupportedError {
  return where === 'alternate'
    ? new UnsupportedError(
        `${name}: dwz moved its types to an alternate file (see its section .gnu_debugaltlink)`,
        'name the file as it was before dwz, or a kernel with BTF',
      )
    : new UnsupportedError(
        `${name}: its types are in type units (-fdebug-types-section)`,
        'name a kernel with BTF',
      );
}
