import { setText } from '../../table/cells.ts';
import {
  type Column,
  type NameColumn,
  type NumberColumn,
  nameOf,
  type SetColumn,
} from '../../table/column.ts';
import type { ValueType } from '../../table/value-type.ts';

/** The values of a column of a batch as Arrow holds them. */
export interface ArrowValues {
  readonly nulls: number;
  /** A bit a row, 1 where it has a value; empty if all have. */
  readonly validity: Uint8Array;
  readonly values: Uint8Array;
}

const NOTHING = new Uint8Array(0);

/** Texts in the order in which they were first met; their places are codes in Arrow's dictionaries. */
export class TextDictionary {
  readonly texts: string[] = [];
  readonly #setCodes: Map<number | bigint, number> = new Map();

  /** Codes of names: those that the table gives them. Names of no value stay in the dictionary, and nothing refers to them. */
  names({ codes, names, empty }: NameColumn): { codes: Uint32Array; empty: Uint8Array | undefined } {
    for (let i = this.texts.length; i < names.length; i++) this.texts.push(names[i]!);
    const none = names.indexOf('');
    const out = codes instanceof Uint32Array ? codes : Uint32Array.from(codes);
    let isEmpty = empty;
    for (let i = 0; i < out.length; i++) {
      const code = out[i]!;
      if (code === none) {
        if (isEmpty === empty) isEmpty = empty?.slice() ?? new Uint8Array(out.length);
        isEmpty![i] = 1;
      } else if (code >= names.length) throw new RangeError(`no name for ${nameOf(names, code)}`);
    }
    return { codes: out, empty: isEmpty };
  }

  /** Codes of sets of names. */
  sets({ low, high, names, empty }: SetColumn): { codes: Uint32Array; empty: Uint8Array | undefined } {
    const codes = new Uint32Array(low.length);
    const isEmpty = empty?.slice() ?? new Uint8Array(low.length);
    let [lastLow, lastHigh, lastCode] = [0, 0, 0];
    for (let i = 0; i < low.length; i++) {
      const [l, h] = [low[i]!, high[i]!];
      if (l === 0 && h === 0) {
        isEmpty[i] = 1;
        continue;
      }
      if (l !== lastLow || h !== lastHigh) {
        [lastLow, lastHigh] = [l, h];
        const key = h < 2 ** 20 ? h * 2 ** 32 + l : (BigInt(h) << 32n) | BigInt(l);
        let code = this.#setCodes.get(key);
        if (code === undefined) {
          code = this.texts.push(setText(l, h, names)) - 1;
          this.#setCodes.set(key, code);
        }
        lastCode = code;
      }
      codes[i] = lastCode;
    }
    return { codes, empty: isEmpty };
  }
}

/** The values of a column; those of names and sets are codes of `dictionary`. Throws TypeError for a number that is not whole. */
export function arrowValues(column: Column, type: ValueType, dictionary: TextDictionary): ArrowValues {
  switch (column.kind) {
    case 'name':
    case 'set': {
      const { codes, empty } = column.kind === 'name' ? dictionary.names(column) : dictionary.sets(column);
      return { ...validityOf(empty), values: bytesOf(codes) };
    }
    case 'word':
      return { ...validityOf(column.empty), values: bytesOf(joined(column.low, column.high)) };
    case 'number':
      return {
        ...validityOf(column.empty),
        values: bytesOf(numbersOf(column, type)),
      };
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function validityOf(empty: Uint8Array | undefined): Pick<ArrowValues, 'nulls' | 'validity'> {
  if (!empty) return { nulls: 0, validity: NOTHING };
  let nulls = 0;
  for (let i = 0; i < empty.length; i++) nulls += empty[i]!;
  if (nulls === 0) return { nulls, validity: NOTHING };
  const validity = new Uint8Array(Math.ceil(empty.length / 8));
  for (let i = 0; i < empty.length; i++) if (empty[i] === 0) validity[i >> 3]! |= 1 << (i & 7);
  return { nulls, validity };
}

type Numbers = Extract<Column, { kind: 'number' }>['values'];

function numbersOf({ values, empty }: NumberColumn, type: ValueType): ArrayBufferView {
  switch (type) {
    case 'int32':
      return narrow(values);
    case 'double':
      return values instanceof Float64Array ? values : Float64Array.from(values);
    default:
      return wide(values, empty);
  }
}

function narrow(values: Numbers): Int32Array {
  return values instanceof Int32Array ? values : Int32Array.from(values);
}

/** Numbers as 64 bits in two's complement, by their halves. */
function wide(values: Numbers, empty: Uint8Array | undefined): Uint32Array {
  const out = new Uint32Array(2 * values.length);
  for (let i = 0; i < values.length; i++) {
    if (empty?.[i]) continue;
    const value = values[i]!;
    const high = Math.floor(value / 2 ** 32);
    if (!Number.isInteger(value)) throw new TypeError(`${value} is no whole number`);
    out[2 * i] = value - high * 2 ** 32;
    out[2 * i + 1] = high;
  }
  return out;
}

function joined(low: Uint32Array, high: Uint32Array): Uint32Array {
  const out = new Uint32Array(2 * low.length);
  for (let i = 0; i < low.length; i++) {
    out[2 * i] = low[i]!;
    out[2 * i + 1] = high[i]!;
  }
  return out;
}
