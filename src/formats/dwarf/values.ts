import type { AttributeSpec, UnitFormat } from './abbrevs.ts';
import { FORM } from './constants.ts';
import type { Cursor } from './cursor.ts';

/**
 * A value as it is stored. `offset` and `index` lead to strings; `local` is within the unit, `global` within .debug_info.
 */
export type Value =
  | { readonly kind: 'number'; readonly value: bigint }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'string'; readonly section: 'str' | 'line_str'; readonly offset: number }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'local' | 'global'; readonly offset: number }
  | { readonly kind: 'block'; readonly bytes: Uint8Array }
  /** In another file: dwz's alternate file (`alternate`), or a type unit. */
  | { readonly kind: 'elsewhere'; readonly where: 'alternate' | 'type unit' };

/** Reads the value of an attribute and moves past it. Throws RangeError for an unknown form. */
export function readValue(cursor: Cursor, spec: AttributeSpec, format: UnitFormat): Value {
  return readForm(cursor, spec.form, spec.implicit, format);
}

/** Moves past the value of an attribute. */
export function skipValue(cursor: Cursor, spec: AttributeSpec, format: UnitFormat): void {
  switch (spec.form) {
    case FORM.exprloc:
    case FORM.block: {
      const length = cursor.uleb();
      cursor.at += length;
      break;
    }
    case FORM.sdata:
    case FORM.udata:
    case FORM.ref_udata:
    case FORM.strx:
    case FORM.addrx:
    case FORM.loclistx:
    case FORM.rnglistx:
      cursor.skipLeb();
      break;
    default:
      readForm(cursor, spec.form, spec.implicit, format);
  }
}

function readForm(cursor: Cursor, form: number, implicit: bigint, format: UnitFormat): Value {
  const { offsetSize, addressSize, version } = format;
  const number = (value: number | bigint): Value => ({ kind: 'number', value: BigInt(value) });
  const block = (length: number): Value => {
    const bytes = cursor.bytes.subarray(cursor.at, cursor.at + length);
    cursor.at += length;
    return { kind: 'block', bytes };
  };
  switch (form) {
    case FORM.implicit_const:
      return number(implicit);
    case FORM.flag_present:
      return number(1);
    case FORM.data1:
    case FORM.flag:
      return number(cursor.u8());
    case FORM.data2:
      return number(cursor.u16());
    case FORM.data4:
      return number(cursor.u32());
    case FORM.data8:
      return number(cursor.u64());
    case FORM.sdata:
      return number(cursor.leb(true));
    case FORM.udata:
      return number(cursor.leb(false));
    case FORM.data16:
      return block(16);
    case FORM.addr:
      return block(addressSize);
    case FORM.addrx:
    case FORM.loclistx:
    case FORM.rnglistx:
    case FORM.GNU_addr_index:
      return number(cursor.uleb());
    case FORM.addrx1:
      return number(cursor.u8());
    case FORM.addrx2:
      return number(cursor.u16());
    case FORM.addrx3:
      return number(cursor.u24());
    case FORM.addrx4:
      return number(cursor.u32());
    case FORM.sec_offset:
      return number(cursor.offset(offsetSize));
    case FORM.string:
      return { kind: 'text', value: cursor.text() };
    case FORM.strp:
      return { kind: 'string', section: 'str', offset: cursor.offset(offsetSize) };
    case FORM.line_strp:
      return { kind: 'string', section: 'line_str', offset: cursor.offset(offsetSize) };
    case FORM.strx:
    case FORM.GNU_str_index:
      return { kind: 'index', index: cursor.uleb() };
    case FORM.strx1:
      return { kind: 'index', index: cursor.u8() };
    case FORM.strx2:
      return { kind: 'index', index: cursor.u16() };
    case FORM.strx3:
      return { kind: 'index', index: cursor.u24() };
    case FORM.strx4:
      return { kind: 'index', index: cursor.u32() };
    case FORM.ref1:
      return { kind: 'local', offset: cursor.u8() };
    case FORM.ref2:
      return { kind: 'local', offset: cursor.u16() };
    case FORM.ref4:
      return { kind: 'local', offset: cursor.u32() };
    case FORM.ref8:
      return { kind: 'local', offset: Number(cursor.u64()) };
    case FORM.ref_udata:
      return { kind: 'local', offset: cursor.uleb() };
    case FORM.ref_addr:
      return {
        kind: 'global',
        offset: version < 3 && addressSize === 4 ? cursor.u32() : cursor.offset(version < 3 ? 8 : offsetSize),
      };
    case FORM.ref_sig8:
      cursor.at += 8;
      return { kind: 'elsewhere', where: 'type unit' };
    case FORM.ref_sup4:
      cursor.at += 4;
      return { kind: 'elsewhere', where: 'alternate' };
    case FORM.ref_sup8:
      cursor.at += 8;
      return { kind: 'elsewhere', where: 'alternate' };
    case FORM.strp_sup:
    case FORM.GNU_ref_alt:
    case FORM.GNU_strp_alt:
      cursor.at += offsetSize;
      return { kind: 'elsewhere', where: 'alternate' };
    case FORM.block1:
      return block(cursor.u8());
    case FORM.block2:
      return block(cursor.u16());
    case FORM.block4:
      return block(cursor.u32());
    case FORM.block:
    case FORM.exprloc:
      return block(cursor.uleb());
    case FORM.indirect:
      return readForm(cursor, cursor.uleb(), 0n, format);
    default:
      throw new RangeError(`form 0x${form.toString(16)}`);
  }
}
