import { Numbers } from './generated/abi';

/**
 * The values of a column as 64-bit words, one after the other, without those that are empty; `levels` gets a byte for each
 * row: 1 if it has a value. All return how many have one. `empty` is 0 if all have.
 */

/** 2^63. */
const MOST: f64 = 9223372036854775808.0;

/** Words whose halves are apart; where `zeroIsEmpty` is 1, a word of 0 is no value. */
export function widenHalves(
  low: usize,
  high: usize,
  count: i32,
  empty: usize,
  zeroIsEmpty: i32,
  to: usize,
  levels: usize,
): i32 {
  if (!empty && !zeroIsEmpty) {
    joinHalves(low, high, count, to);
    memory.fill(levels, 1, count);
    return count;
  }
  let at = to;
  for (let i: usize = 0; i < <usize>count; i++) {
    const value = <u64>load<u32>(low + (i << 2)) | ((<u64>load<u32>(high + (i << 2))) << 32);
    const present = !(empty && load<u8>(empty + i)) && !(zeroIsEmpty && value == 0);
    store<u8>(levels + i, <u8>present);
    store<u64>(at, value);
    at += (<usize>present) << 3;
  }
  return <i32>((at - to) >> 3);
}

/** Words from their halves; what is read and written may be up to 3 more. */
@inline
function joinHalves(low: usize, high: usize, count: i32, to: usize): void {
  const end = low + ((<usize>count) << 2);
  for (; low < end; low += 16) {
    const lows = v128.load(low);
    const highs = v128.load(high);
    v128.store(to, v128.shuffle<u32>(lows, highs, 0, 4, 1, 5));
    v128.store(to, v128.shuffle<u32>(lows, highs, 2, 6, 3, 7), 16);
    high += 16;
    to += 32;
  }
}

/** Numbers of a type of `Numbers`; -1 if one of them is no whole number. */
export function widenNumbers(
  type: i32,
  from: usize,
  count: i32,
  empty: usize,
  to: usize,
  levels: usize,
): i32 {
  let at = to;
  for (let i: usize = 0; i < <usize>count; i++) {
    const present = !(empty && load<u8>(empty + i));
    store<u8>(levels + i, <u8>present);
    let value: i64 = 0;
    switch (type) {
      case Numbers.i8:
        value = load<i8>(from + i);
        break;
      case Numbers.u8:
        value = load<u8>(from + i);
        break;
      case Numbers.u16:
        value = load<u16>(from + (i << 1));
        break;
      case Numbers.i32:
        value = load<i32>(from + (i << 2));
        break;
      case Numbers.u32:
        value = load<u32>(from + (i << 2));
        break;
      default: {
        const double = load<f64>(from + (i << 3));
        const isWhole = abs(double) < MOST && trunc(double) == double;
        if (present && !isWhole) return -1;
        value = isWhole ? <i64>double : 0;
      }
    }
    store<i64>(at, value);
    at += (<usize>present) << 3;
  }
  return <i32>((at - to) >> 3);
}

/** The lowest and the highest of some words, to `out` and behind it. */
export function extremes(words: usize, count: i32, signed: i32, out: usize): void {
  // the order of signed words is that of unsigned ones whose highest bit is turned around
  const flip: u64 = signed ? 0x8000000000000000 : 0;
  let low: u64 = u64.MAX_VALUE;
  let high: u64 = 0;
  for (let at = words; at < words + ((<usize>count) << 3); at += 8) {
    const value = load<u64>(at) ^ flip;
    low = min(low, value);
    high = max(high, value);
  }
  store<u64>(out, low ^ flip);
  store<u64>(out, high ^ flip, 8);
}

/** The low halves of words, one after the other. */
export function narrowWords(words: usize, count: i32, to: usize): void {
  for (let i: usize = 0; i < <usize>count; i++) store<u32>(to + (i << 2), load<u32>(words + (i << 3)));
}
