import { isNothing, isTyped } from './types';

/**
 * Bitmaps over the pages of a batch: bit i of word i / 32 is page i. Bits after the last page are 0. `negate` inverts the
 * result for values that are not empty; an empty value never matches.
 */

/** Tests whether the bits under `mask` of 64-bit words that are `stride` apart equal `value`. */
export function maskedEqual(from: usize, stride: i32, count: i32, mask: u64, value: u64, to: usize): void {
  let at = from;
  const whole = count & ~31;
  let out = to;
  for (let i = 0; i < whole; i += 32, out += 4) {
    let bits: u32 = 0;
    for (let j = 0; j < 32; j += 4) {
      bits |=
        (<u32>((load<u64>(at) & mask) == value) |
          (<u32>((load<u64>(at + stride) & mask) == value) << 1) |
          (<u32>((load<u64>(at + stride * 2) & mask) == value) << 2) |
          (<u32>((load<u64>(at + stride * 3) & mask) == value) << 3)) <<
        j;
      at += stride * 4;
    }
    store<u32>(out, bits);
  }
  if (whole < count) {
    let bits: u32 = 0;
    for (let i = whole; i < count; i++, at += stride) {
      bits |= <u32>((load<u64>(at) & mask) == value) << (i & 31);
    }
    store<u32>(out, bits);
  }
}

@inline
function put(to: usize, i: i32, holds: bool): void {
  const word = to + ((i >> 5) << 2);
  const bits = i & 31 ? load<u32>(word) : 0;
  store<u32>(word, bits | (<u32>holds << (i & 31)));
}

/** low <= (word >> shift) & mask <= high, unsigned. */
export function fieldWithin(from: usize, stride: i32, count: i32, shift: i32, mask: u64, low: u64, high: u64, negate: i32, to: usize): void {
  const width = high - low;
  for (let i = 0, at = from; i < count; i++, at += stride) {
    put(to, i, <i32>(((load<u64>(at) >> <u64>shift) & mask) - low <= width) != negate);
  }
}

/** low <= 32-bit value <= high, signed; with `typed` 1 the value is a map count, and empty if it is a type. */
export function intWithin(from: usize, stride: i32, count: i32, low: i64, high: i64, typed: i32, negate: i32, to: usize): void {
  for (let i = 0, at = from; i < count; i++, at += stride) {
    const word = load<i32>(at);
    const value = <i64>(word + typed);
    put(to, i, !(typed && isTyped(word)) && <i32>(value >= low && value <= high) != negate);
  }
}

/** low <= whole number in a double <= high. */
export function doubleWithin(from: usize, count: i32, low: f64, high: f64, negate: i32, to: usize): void {
  for (let i = 0, at = from; i < count; i++, at += 8) {
    const value = load<f64>(at);
    put(to, i, <i32>(value >= low && value <= high) != negate);
  }
}

/** low <= 64-bit value <= high, both signed or both unsigned; empty values never match. */
export function optionalWithin(from: usize, count: i32, low: u64, high: u64, to: usize): void {
  const width = high - low;
  for (let i = 0, at = from; i < count; i++, at += 8) {
    const value = load<u64>(at);
    put(to, i, !isNothing(value) && value - low <= width);
  }
}

/** low <= byte <= high; bytes equal to `empty` never match (-1: there are none). */
export function byteWithin(from: usize, stride: i32, count: i32, low: i32, high: i32, empty: i32, negate: i32, to: usize): void {
  for (let i = 0, at = from; i < count; i++, at += stride) {
    const value = <i32>load<u8>(at);
    put(to, i, value != empty && <i32>(value >= low && value <= high) != negate);
  }
}

/** 16-bit code == value. */
export function codeEquals(from: usize, stride: i32, count: i32, value: i32, negate: i32, to: usize): void {
  for (let i = 0, at = from; i < count; i++, at += stride) {
    put(to, i, <i32>(<i32>load<u16>(at) == value) != negate);
  }
}

/**
 * Tests whether a table of `length` bytes has a byte other than 0 for a code of 1, 2 or 4 bytes. Codes beyond its end do
 * not match.
 */
export function codesAmong(from: usize, stride: i32, count: i32, bytes: i32, table: usize, length: i32, to: usize): void {
  for (let i = 0, at = from; i < count; i++, at += stride) {
    const code: u32 = bytes == 1 ? load<u8>(at) : bytes == 2 ? load<u16>(at) : load<u32>(at);
    put(to, i, code < <u32>length && load<u8>(table + code) != 0);
  }
}

/** Whether a map count is empty because its word is a type. */
export function typedWords(from: usize, stride: i32, count: i32, to: usize): void {
  for (let i = 0, at = from; i < count; i++, at += stride) put(to, i, isTyped(load<i32>(at)));
}

/** A bitmap of all ones or all zeros. */
export function fillBits(count: i32, value: i32, to: usize): void {
  memory.fill(to, value ? 0xff : 0, ((count + 31) >> 5) << 2);
  if (value && count & 31) store<u32>(to + ((count >> 5) << 2), (<u32>1 << (count & 31)) - 1);
}

export function andBits(into: usize, other: usize, count: i32): void {
  for (let i = 0; i < count; i += 32, into += 4, other += 4) store<u32>(into, load<u32>(into) & load<u32>(other));
}

export function orBits(into: usize, other: usize, count: i32): void {
  for (let i = 0; i < count; i += 32, into += 4, other += 4) store<u32>(into, load<u32>(into) | load<u32>(other));
}

export function notBits(into: usize, count: i32): void {
  const last = into + ((count >> 5) << 2);
  for (let i = 0; i < count; i += 32, into += 4) store<u32>(into, ~load<u32>(into));
  if (count & 31) store<u32>(last, load<u32>(last) & ((<u32>1 << (count & 31)) - 1));
}

/** Number of set bits. */
export function countBits(from: usize, count: i32): i32 {
  let sum = 0;
  for (let i = 0; i < count; i += 32, from += 4) sum += popcnt(load<u32>(from));
  return sum;
}

/**
 * Writes the selected indices from `start` to `end`, at most `limit`: those whose bit is set (`bits` 0: all) and whose
 * state is 0, unless `unreadable` is 1. Returns their number.
 */
export function pickRows(bits: usize, statesAt: usize, start: i32, end: i32, unreadable: i32, limit: i32, to: usize): i32 {
  let out = to;
  const last = to + (<usize>limit << 2);
  if (bits == 0) {
    for (let i = start; i < end && out < last; i++) {
      store<i32>(out, i);
      out += unreadable || load<u8>(statesAt + i) == 0 ? 4 : 0;
    }
    return <i32>(out - to) >> 2;
  }
  for (let word = start >> 5; word << 5 < end && out < last; word++) {
    let rest = load<u32>(bits + (word << 2));
    while (rest) {
      const i = (word << 5) + ctz(rest);
      rest &= rest - 1;
      if (i < start || i >= end || out >= last) continue;
      store<i32>(out, i);
      out += unreadable || load<u8>(statesAt + i) == 0 ? 4 : 0;
    }
  }
  return <i32>(out - to) >> 2;
}

/** Counts pages from `start` to `end` by state; `to` has a u32 for each of 16 states. */
export function countStates(statesAt: usize, start: i32, end: i32, to: usize): void {
  let i = start;
  let ok: u32 = 0;
  // eight at a time while all are readable, which is nearly always
  while (i < end) {
    if (i + 8 <= end && load<u64>(statesAt + i) == 0) {
      ok += 8;
      i += 8;
      continue;
    }
    const state = load<u8>(statesAt + i);
    if (state == 0) ok++;
    else {
      const at = to + ((state & 15) << 2);
      store<u32>(at, load<u32>(at) + 1);
    }
    i++;
  }
  store<u32>(to, load<u32>(to) + ok);
}
