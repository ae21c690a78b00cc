import { CONSTANTS } from '../../loops/abi.ts';
import type { Address } from '../../loops/loops.ts';
import type { ColumnSpec } from '../../table/column.ts';
import type { Slice, Workspace } from './workspace.ts';

const { Numbers } = CONSTANTS;

/**
 * Puts the values of a slice to `workspace.words` from `done` on, as words of 64 bits, and which rows have one to its levels
 * from row `row` on. Returns how many there are. Throws TypeError for a number that is not whole, in a column of whole ones.
 */
export function putWords(
  workspace: Workspace,
  spec: ColumnSpec,
  slice: Slice,
  row: number,
  done: number,
): number {
  const { loops, low, high, words, levels } = workspace;
  const { column, from, to } = slice;
  const count = to - from;
  const empty = workspace.putEmpty(slice);
  const [into, marks]: [Address, Address] = [words + done * 8, levels + row];
  switch (column.kind) {
    case 'word':
    case 'set':
      loops.words(low, count).set(column.low.subarray(from, to));
      loops.words(high, count).set(column.high.subarray(from, to));
      return loops.run.widenHalves(low, high, count, empty, Number(column.kind === 'set'), into, marks);
    case 'number': {
      const values = column.values.subarray(from, to);
      if (spec.numbers === 'double') return putDoubles(workspace, values, empty !== 0, into, marks);
      const type = copyNumbers(workspace, values);
      const found = loops.run.widenNumbers(type, low, count, empty, into, marks);
      if (found < 0) throw new TypeError(`${spec.name} has a value that is no whole number of 64 bits`);
      return found;
    }
    default:
      throw new TypeError(`${spec.name} has names, not words`);
  }
}

/** Puts doubles as the words of their bits. */
function putDoubles(
  { loops, empty }: Workspace,
  values: Values,
  mayBeEmpty: boolean,
  into: Address,
  marks: Address,
): number {
  const out = loops.doubles(into, values.length);
  const levels = loops.bytes(marks, values.length);
  const none = mayBeEmpty ? loops.bytes(empty, values.length) : undefined;
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    levels[i] = none?.[i] ? 0 : 1;
    if (levels[i]) out[count++] = values[i]!;
  }
  return count;
}

type Values = Float64Array | Int32Array | Uint32Array | Uint16Array | Uint8Array | Int8Array;

/** Copies numbers as they are; the type that they have. */
function copyNumbers({ loops, low }: Workspace, values: Values): number {
  if (values instanceof Float64Array) {
    loops.doubles(low, values.length).set(values);
    return Numbers.f64;
  }
  if (values instanceof Int32Array || values instanceof Uint32Array) {
    loops.words(low, values.length).set(values);
    return values instanceof Int32Array ? Numbers.i32 : Numbers.u32;
  }
  if (values instanceof Uint16Array) {
    loops.shorts(low, values.length).set(values);
    return Numbers.u16;
  }
  loops.bytes(low, values.length).set(values);
  return values instanceof Int8Array ? Numbers.i8 : Numbers.u8;
}
