import { isNothing, isTyped } from './types';
import { Operation, Step, Vectors } from './generated/abi';

/**
 * Vectors are blocks of values, one per row: the low halves, the high halves of 128-bit values, and a bitmap of empty
 * values. A number of up to 64 bits is its low half alone, signed or not.
 */

@inline
export function highOf(vector: usize): usize {
  return vector + Vectors.high;
}

@inline
export function emptyOf(vector: usize): usize {
  return vector + Vectors.empty;
}

@inline
export function at(vector: usize, i: i32): usize {
  return vector + ((<usize>i) << 3);
}

/** Marks a value as empty. */
@inline
export function setEmpty(vector: usize, i: i32): void {
  const word = emptyOf(vector) + ((<usize>(i >> 5)) << 2);
  store<u32>(word, load<u32>(word) | (<u32>1 << (i & 31)));
}

/** A result is empty if an operand is. */
export function joinEmpty(a: usize, b: usize, to: usize): void {
  for (let i: usize = 0; i < <usize>Vectors.rows >> 3; i += 8) {
    store<u64>(emptyOf(to) + i, load<u64>(emptyOf(a) + i) | load<u64>(emptyOf(b) + i));
  }
}

/** Loads the values of a column for the rows from `first` on. */
export function loadColumn(step: Step, first: i32, rows: i32): void {
  const to = step.to;
  const stride = step.stride;
  let from = step.from + <usize>first * stride;
  memory.fill(emptyOf(to), 0, Vectors.rows >> 3);
  switch (step.operation) {
    case Operation.loadInt:
      for (let i = 0; i < rows; i++, from += stride) store<i64>(at(to, i), <i64>load<i32>(from));
      break;
    case Operation.loadMapcount:
      for (let i = 0; i < rows; i++, from += stride) {
        const word = load<i32>(from);
        store<i64>(at(to, i), <i64>(word + 1));
        if (isTyped(word)) setEmpty(to, i);
      }
      break;
    case Operation.loadField: {
      const shift = <u64>step.shift;
      const mask = step.low;
      for (let i = 0; i < rows; i++, from += stride) store<u64>(at(to, i), (load<u64>(from) >> shift) & mask);
      break;
    }
    case Operation.loadDouble:
      for (let i = 0; i < rows; i++, from += stride) store<i64>(at(to, i), <i64>load<f64>(from));
      break;
    case Operation.loadByte:
      for (let i = 0; i < rows; i++, from += stride) {
        const value = load<u8>(from);
        store<u64>(at(to, i), value);
        if (value == 255) setEmpty(to, i);
      }
      break;
    case Operation.loadOptional:
      for (let i = 0; i < rows; i++, from += stride) {
        const value = load<u64>(from);
        store<u64>(at(to, i), value);
        if (isNothing(value)) setEmpty(to, i);
      }
      break;
    default:
      for (let i = 0; i < rows; i++) setEmpty(to, i);
  }
}

/** Sets all values to a constant. */
export function fillConstant(step: Step, rows: i32): void {
  const to = step.to;
  memory.fill(emptyOf(to), 0, Vectors.rows >> 3);
  for (let i = 0; i < rows; i++) store<u64>(at(to, i), step.low);
  for (let i = 0; i < rows; i++) store<u64>(at(highOf(to), i), step.high);
}

/** Calculates with low halves, for results that fit in one. */
export function calculate(step: Step, rows: i32): void {
  const a = step.from;
  const b = step.other;
  const to = step.to;
  joinEmpty(a, b, to);
  switch (step.operation) {
    case Operation.add:
      for (let i = 0; i < rows; i += 2) v128.store(at(to, i), i64x2.add(v128.load(at(a, i)), v128.load(at(b, i))));
      break;
    case Operation.subtract:
      for (let i = 0; i < rows; i += 2) v128.store(at(to, i), i64x2.sub(v128.load(at(a, i)), v128.load(at(b, i))));
      break;
    case Operation.multiply:
      for (let i = 0; i < rows; i += 2) v128.store(at(to, i), i64x2.mul(v128.load(at(a, i)), v128.load(at(b, i))));
      break;
    case Operation.and:
      for (let i = 0; i < rows; i += 2) v128.store(at(to, i), v128.and(v128.load(at(a, i)), v128.load(at(b, i))));
      break;
    case Operation.or:
      for (let i = 0; i < rows; i += 2) v128.store(at(to, i), v128.or(v128.load(at(a, i)), v128.load(at(b, i))));
      break;
    case Operation.xor:
      for (let i = 0; i < rows; i += 2) v128.store(at(to, i), v128.xor(v128.load(at(a, i)), v128.load(at(b, i))));
      break;
    case Operation.shiftLeft:
      for (let i = 0; i < rows; i++) store<u64>(at(to, i), load<u64>(at(a, i)) << load<u64>(at(b, i)));
      break;
    case Operation.shiftRight:
      for (let i = 0; i < rows; i++) store<u64>(at(to, i), load<u64>(at(a, i)) >> load<u64>(at(b, i)));
      break;
    case Operation.shiftRightSigned:
      for (let i = 0; i < rows; i++) store<i64>(at(to, i), load<i64>(at(a, i)) >> load<i64>(at(b, i)));
      break;
    default:
      unreachable();
  }
}

/** Marks results as empty whose shift count is not within 0 to 63; `wide` counts have 128 bits. */
export function checkShifts(step: Step, rows: i32): void {
  const count = step.from;
  for (let i = 0; i < rows; i++) {
    if (load<u64>(at(count, i)) > 63 || (step.shift && load<u64>(at(highOf(count), i)) != 0)) setEmpty(step.to, i);
  }
}

/**
 * Divides magnitudes: the result rounds toward zero, and a remainder has the sign of the dividend. Bit 0 of `shift` means
 * that the dividend is signed, bit 1 that the divisor is, bit 2 asks for the remainder. The result has 128 bits.
 */
export function divide(step: Step, rows: i32): void {
  const to = step.to;
  const signs = step.shift;
  joinEmpty(step.from, step.other, to);
  for (let i = 0; i < rows; i++) {
    const a = load<u64>(at(step.from, i));
    const b = load<u64>(at(step.other, i));
    if (b == 0) {
      setEmpty(to, i);
      continue;
    }
    const minusA = (signs & 1) != 0 && <i64>a < 0;
    const minusB = (signs & 2) != 0 && <i64>b < 0;
    const dividend = minusA ? 0 - a : a;
    const divisor = minusB ? 0 - b : b;
    const result = signs & 4 ? dividend % divisor : dividend / divisor;
    const isMinus = signs & 4 ? minusA : minusA != minusB;
    store<u64>(at(to, i), isMinus ? 0 - result : result);
    store<i64>(at(highOf(to), i), isMinus && result != 0 ? -1 : 0);
  }
}
