import { Operation, Step, STEP_BYTES, Vectors } from './generated/abi';
import { at, calculate, checkShifts, divide, emptyOf, fillConstant, highOf, loadColumn } from './vectors';
import { calculateWide, widen } from './wide';

/**
 * Runs the steps of a test over the rows of a batch, a block at a time, so that intermediate values stay in the nearest
 * cache. Steps from `equal` on are tests: they write the bitmap of the rows that pass.
 */
export function runSteps(steps: usize, stepCount: i32, count: i32, to: usize): void {
  const end = steps + <usize>stepCount * STEP_BYTES;
  for (let first = 0; first < count; first += Vectors.rows) {
    const rows = min(<i32>Vectors.rows, count - first);
    for (let pointer = steps; pointer < end; pointer += STEP_BYTES) {
      const step = changetype<Step>(pointer);
      const operation = step.operation;
      if (operation >= Operation.equal) test(step, rows, to + ((<usize>first) >> 3));
      else if (operation >= Operation.addWide) calculateWide(step, rows);
      else if (operation >= Operation.add) calculate(step, rows);
      else if (operation == Operation.checkShifts) checkShifts(step, rows);
      else if (operation == Operation.divide) divide(step, rows);
      else if (operation >= Operation.widenSigned) widen(step, rows);
      else if (operation == Operation.constant) fillConstant(step, rows);
      else loadColumn(step, first, rows);
    }
  }
}

function test(step: Step, rows: i32, to: usize): void {
  const a = step.from;
  const b = step.other;
  for (let i = 0; i < rows; i += 32) {
    const n = min(32, rows - i);
    let bits = holding(step, i, n);
    if (step.negated) bits = ~bits & (u32.MAX_VALUE >>> (32 - n));
    const emptyA = load<u32>(emptyOf(a) + (<usize>i >> 3));
    const emptyB = b ? load<u32>(emptyOf(b) + (<usize>i >> 3)) : 0;
    let out = bits & ~emptyA & ~emptyB;
    // empty equals empty
    if (step.operation == Operation.equal || step.operation == Operation.equalWide) out |= emptyA & emptyB;
    if (step.operation == Operation.isEmpty) out = emptyA;
    store<u32>(to + (<usize>i >> 3), out);
  }
}

/** Bits of the rows from `first` on that pass a test, including empty ones. */
function holding(step: Step, first: i32, rows: i32): u32 {
  const a = at(step.from, first);
  const b = at(step.other, first);
  let bits: u32 = 0;
  switch (step.operation) {
    case Operation.equal:
      for (let i = 0; i < rows; i++) bits |= <u32>(load<u64>(at(a, i)) == load<u64>(at(b, i))) << i;
      break;
    case Operation.less:
      for (let i = 0; i < rows; i++) bits |= <u32>(load<u64>(at(a, i)) < load<u64>(at(b, i))) << i;
      break;
    case Operation.lessSigned:
      for (let i = 0; i < rows; i++) bits |= <u32>(load<i64>(at(a, i)) < load<i64>(at(b, i))) << i;
      break;
    case Operation.equalWide:
      for (let i = 0; i < rows; i++) {
        const same = load<u64>(at(highOf(a), i)) == load<u64>(at(highOf(b), i));
        bits |= <u32>(same && load<u64>(at(a, i)) == load<u64>(at(b, i))) << i;
      }
      break;
    case Operation.lessWide:
      for (let i = 0; i < rows; i++) {
        const high = load<i64>(at(highOf(a), i));
        const other = load<i64>(at(highOf(b), i));
        bits |= <u32>(high == other ? load<u64>(at(a, i)) < load<u64>(at(b, i)) : high < other) << i;
      }
      break;
    case Operation.within: {
      const width = step.high - step.low;
      for (let i = 0; i < rows; i++) bits |= <u32>(load<u64>(at(a, i)) - step.low <= width) << i;
      break;
    }
    case Operation.among:
      for (let i = 0; i < rows; i++) bits |= <u32>isAmong(load<u64>(at(a, i)), step.table, step.length) << i;
      break;
    default:
  }
  return bits;
}

/** Whether a word is in an ascending table of words. */
function isAmong(word: u64, table: usize, length: i32): bool {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (load<u64>(at(table, middle)) < word) low = middle + 1;
    else high = middle;
  }
  return low < length && load<u64>(at(table, low)) == word;
}
