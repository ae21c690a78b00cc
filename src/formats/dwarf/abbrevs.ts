import { AT, FORM } from './constants.ts';
import { Cursor } from './cursor.ts';

/** What determines the sizes in a unit. */
export interface UnitFormat {
  readonly version: number;
  /** Size of an offset into a section, in bytes. */
  readonly offsetSize: 4 | 8;
  readonly addressSize: number;
}

/** An attribute of an entry: its name, its form, and its value if the abbreviation has it. */
export interface AttributeSpec {
  readonly name: number;
  readonly form: number;
  readonly implicit: bigint;
}

/** The shape of all entries with one code. */
export interface Abbreviation {
  readonly tag: number;
  readonly hasChildren: boolean;
  readonly attributes: readonly AttributeSpec[];
  /** Size of all values in bytes if every form has a fixed size; otherwise -1. */
  readonly fixedSize: number;
  /** Offset of DW_AT_sibling (a ref4) after the code, in bytes; -1 if it is not fixed. */
  readonly siblingAt: number;
}

/** Abbreviations by code; an unused code is undefined. */
export type Abbreviations = readonly (Abbreviation | undefined)[];

/** No compiler uses more codes in a unit. */
const MAX_CODE = 1 << 20;

/** Reads the table at `offset` of .debug_abbrev. Throws RangeError if it is cut off or nonsense. */
export function parseAbbreviations(
  section: Uint8Array,
  offset: number,
  littleEndian: boolean,
  format: UnitFormat,
): Abbreviations {
  const cursor = new Cursor(section, littleEndian, offset);
  const table: Abbreviation[] = [];
  for (;;) {
    const code = cursor.uleb();
    if (code === 0) return table;
    if (code > MAX_CODE) throw new RangeError(`abbreviation code ${code}`);
    const tag = cursor.uleb();
    const hasChildren = cursor.u8() !== 0;
    const attributes: AttributeSpec[] = [];
    let fixedSize = 0;
    let siblingAt = -1;
    for (;;) {
      const name = cursor.uleb();
      const form = cursor.uleb();
      const implicit = form === FORM.implicit_const ? cursor.leb(true) : 0n;
      if (name === 0 && form === 0) break;
      if (name === AT.sibling && form === FORM.ref4) siblingAt = fixedSize;
      const size = fixedSizeOf(form, format);
      fixedSize = fixedSize < 0 || size < 0 ? -1 : fixedSize + size;
      attributes.push({ name, form, implicit });
    }
    table[code] = { tag, hasChildren, attributes, fixedSize, siblingAt };
  }
}

/** Size of a value of this form in bytes, or -1 if it varies. */
function fixedSizeOf(form: number, { version, offsetSize, addressSize }: UnitFormat): number {
  switch (form) {
    case FORM.flag_present:
    case FORM.implicit_const:
      return 0;
    case FORM.data1:
    case FORM.ref1:
    case FORM.flag:
    case FORM.strx1:
    case FORM.addrx1:
      return 1;
    case FORM.data2:
    case FORM.ref2:
    case FORM.strx2:
    case FORM.addrx2:
      return 2;
    case FORM.strx3:
    case FORM.addrx3:
      return 3;
    case FORM.data4:
    case FORM.ref4:
    case FORM.strx4:
    case FORM.addrx4:
    case FORM.ref_sup4:
      return 4;
    case FORM.data8:
    case FORM.ref8:
    case FORM.ref_sig8:
    case FORM.ref_sup8:
      return 8;
    case FORM.data16:
      return 16;
    case FORM.strp:
    case FORM.line_strp:
    case FORM.sec_offset:
    case FORM.strp_sup:
    case FORM.GNU_ref_alt:
    case FORM.GNU_strp_alt:
      return offsetSize;
    case FORM.ref_addr:
      return version < 3 ? addressSize : offsetSize;
    case FORM.addr:
      return addressSize;
    default:
      return -1;
  }
}
