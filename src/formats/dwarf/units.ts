import { type ByteSource, readUpTo } from '../../core/bytes.ts';
import { FormatError } from '../../core/errors.ts';
import { type Abbreviations, parseAbbreviations, type UnitFormat } from './abbrevs.ts';
import { Cursor } from './cursor.ts';

/** The uncompressed sections of DWARF that types need. */
export interface DwarfSections {
  /** The name of the file in messages. */
  readonly name: string;
  readonly littleEndian: boolean;
  /** .debug_info is large, so it is read one unit at a time. */
  readonly info: ByteSource;
  readonly abbrev: Uint8Array;
  readonly str: Uint8Array;
  readonly lineStr: Uint8Array;
  readonly strOffsets: Uint8Array;
}

/** A unit of .debug_info; offsets are in bytes from the start of the section. */
export interface Unit extends UnitFormat {
  readonly start: number;
  readonly end: number;
  /** Offset of the first entry from `start`. */
  readonly firstEntry: number;
  readonly abbrevOffset: number;
}

/** A unit with its bytes. */
export interface LoadedUnit {
  readonly unit: Unit;
  readonly bytes: Uint8Array;
  readonly abbreviations: Abbreviations;
}

const UNIT_TYPE = { type: 0x02, skeleton: 0x04, splitCompile: 0x05, splitType: 0x06 } as const;
/** A unit has the types and functions of one source file; the largest seen have 3 MB. */
const MAX_UNIT = 512 * 1024 * 1024;
const HEADER = 40;

/** The units of .debug_info. Throws FormatError for a header that is damaged or of an unknown version. */
export function* units(sections: DwarfSections): Generator<Unit> {
  const { info, name, littleEndian } = sections;
  for (let start = 0; start < info.byteLength; ) {
    const unit = parseHeader(readUpTo(info, start, HEADER), littleEndian, start, name);
    yield unit;
    start = unit.end;
  }
}

function parseHeader(bytes: Uint8Array, littleEndian: boolean, start: number, file: string): Unit {
  const damaged = (expected: string, found: string): FormatError =>
    new FormatError({ file: `${file}, .debug_info`, offset: start, expected, found });
  const cursor = new Cursor(bytes, littleEndian);
  try {
    let length: number = cursor.u32();
    const offsetSize = length === 0xffffffff ? 8 : 4;
    if (offsetSize === 8) length = Number(cursor.u64());
    const end = start + cursor.at + length;
    const version = cursor.u16();
    if (version < 2 || version > 5) throw damaged('a unit of DWARF 2 to 5', `version ${version}`);
    if (length > MAX_UNIT || length < 7) throw damaged('a unit of a plausible size', `${length} bytes`);
    const type = version >= 5 ? cursor.u8() : 0;
    let addressSize = version >= 5 ? cursor.u8() : 0;
    const abbrevOffset = cursor.offset(offsetSize);
    if (version < 5) addressSize = cursor.u8();
    if (type === UNIT_TYPE.skeleton || type === UNIT_TYPE.splitCompile) cursor.at += 8;
    if (type === UNIT_TYPE.type || type === UNIT_TYPE.splitType) cursor.at += 8 + offsetSize;
    return { start, end, firstEntry: cursor.at, abbrevOffset, version, offsetSize, addressSize };
  } catch (error) {
    if (error instanceof RangeError) throw damaged('the header of a unit', `${bytes.length} bytes`);
    throw error;
  }
}

/** Reads units and their abbreviations, and caches the most recent ones. */
export class UnitLoader {
  readonly #sections: DwarfSections;
  readonly #loaded: Map<number, LoadedUnit> = new Map();
  readonly #keep: number;

  constructor(sections: DwarfSections, keep: number) {
    this.#sections = sections;
    this.#keep = keep;
  }

  load(unit: Unit): LoadedUnit {
    let loaded = this.#loaded.get(unit.start);
    if (loaded) return loaded;
    const { info, name, abbrev, littleEndian } = this.#sections;
    const bytes = readUpTo(info, unit.start, unit.end - unit.start);
    if (bytes.length < unit.end - unit.start) {
      throw new FormatError({
        file: `${name}, .debug_info`,
        offset: unit.start,
        expected: `a unit of ${unit.end - unit.start} bytes`,
        found: `${bytes.length} bytes`,
        advice: 'The file is truncated',
      });
    }
    try {
      loaded = {
        unit,
        bytes,
        abbreviations: parseAbbreviations(abbrev, unit.abbrevOffset, littleEndian, unit),
      };
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new FormatError({
        file: `${name}, .debug_abbrev`,
        offset: unit.abbrevOffset,
        expected: 'a table of abbreviations',
        found: error.message,
      });
    }
    this.#loaded.set(unit.start, loaded);
    for (const start of this.#loaded.keys()) {
      if (this.#loaded.size <= this.#keep) break;
      this.#loaded.delete(start);
    }
    return loaded;
  }
}
