import { Operation, Step } from './generated/abi';
import { at, highOf, joinEmpty } from './vectors';

/** Adds high halves to values without them. */
export function widen(step: Step, rows: i32): void {
  const a = step.from;
  if (step.operation == Operation.widenSigned) {
    for (let i = 0; i < rows; i++) store<i64>(at(highOf(a), i), load<i64>(at(a, i)) >> 63);
  } else for (let i = 0; i < rows; i++) store<i64>(at(highOf(a), i), 0);
}

/** Calculates with 128 bits, for results that fit. */
export function calculateWide(step: Step, rows: i32): void {
  const a = step.from;
  const b = step.other;
  const to = step.to;
  joinEmpty(a, b, to);
  for (let i = 0; i < rows; i++) {
    const low = load<u64>(at(a, i));
    const high = load<u64>(at(highOf(a), i));
    const otherLow = load<u64>(at(b, i));
    const otherHigh = load<u64>(at(highOf(b), i));
    let resultLow: u64 = 0;
    let resultHigh: u64 = 0;
    switch (step.operation) {
      case Operation.addWide:
        resultLow = low + otherLow;
        resultHigh = high + otherHigh + <u64>(resultLow < low);
        break;
      case Operation.subtractWide:
        resultLow = low - otherLow;
        resultHigh = high - otherHigh - <u64>(low < otherLow);
        break;
      case Operation.multiplyWide:
        resultLow = low * otherLow;
        resultHigh = highProduct(low, otherLow) + low * otherHigh + high * otherLow;
        break;
      case Operation.andWide:
        resultLow = low & otherLow;
        resultHigh = high & otherHigh;
        break;
      case Operation.orWide:
        resultLow = low | otherLow;
        resultHigh = high | otherHigh;
        break;
      case Operation.xorWide:
        resultLow = low ^ otherLow;
        resultHigh = high ^ otherHigh;
        break;
      case Operation.shiftLeftWide: {
        const n = otherLow & 63;
        resultLow = low << n;
        // a shift by 64 would be a shift by 0
        resultHigh = (high << n) | ((low >> 1) >> (63 - n));
        break;
      }
      case Operation.shiftRightWide: {
        const n = otherLow & 63;
        resultLow = (low >> n) | ((high << 1) << (63 - n));
        resultHigh = <u64>((<i64>high) >> <i64>n);
        break;
      }
      default:
        unreachable();
    }
    store<u64>(at(to, i), resultLow);
    store<u64>(at(highOf(to), i), resultHigh);
  }
}

/** The high half of the product of two unsigned words. */
function highProduct(a: u64, b: u64): u64 {
  const aLow = a & 0xffffffff;
  const aHigh = a >> 32;
  const bLow = b & 0xffffffff;
  const bHigh = b >> 32;
  const middle = aHigh * bLow + ((aLow * bLow) >> 32);
  const rest = (middle & 0xffffffff) + aLow * bHigh;
  return aHigh * bHigh + (middle >> 32) + (rest >> 32);
}
