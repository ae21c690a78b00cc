import { isTyped } from './types';

/** A ramp of 64-bit words: first, first + step, ... */
export function ramp(to: usize, count: i32, first: u64, step: u64): void {
  let value = first;
  for (let i = 0; i < count; i++, value += step) store<u64>(to + ((<usize>i) << 3), value);
}

/** Section numbers of consecutive pages. */
export function sections(to: usize, count: i32, start: f64, perSection: f64): void {
  for (let i = 0; i < count; i++) {
    store<u64>(to + ((<usize>i) << 3), <u64>((start + <f64>i) / perSection));
  }
}

/** The low and high halves of 64-bit words that are `stride` bytes apart. */
export function splitWords(from: usize, stride: i32, count: i32, low: usize, high: usize): void {
  const step = <usize>stride;
  const whole = count & ~3;
  let at = from;
  let i = 0;
  // four at a time: half as many stores
  for (; i < whole; i += 4, at += step << 2) {
    const one = v128.load64_lane(at + step, v128.load64_zero(at), 1);
    const two = v128.load64_lane(at + step * 3, v128.load64_zero(at + (step << 1)), 1);
    const to = <usize>i << 2;
    v128.store(low + to, v128.shuffle<i32>(one, two, 0, 2, 4, 6));
    v128.store(high + to, v128.shuffle<i32>(one, two, 1, 3, 5, 7));
  }
  for (; i < count; i++, at += step) {
    const word = load<u64>(at);
    store<u32>(low + ((<usize>i) << 2), <u32>word);
    store<u32>(high + ((<usize>i) << 2), <u32>(word >> 32));
  }
}

/** 32-bit words that are `stride` bytes apart. */
export function gather32(from: usize, stride: i32, count: i32, to: usize): void {
  const step = <usize>stride;
  const whole = count & ~3;
  let at = from;
  let i = 0;
  for (; i < whole; i += 4, at += step << 2) {
    const one = v128.load32_lane(at + step, v128.load32_zero(at), 1);
    const two = v128.load32_lane(at + (step << 1), one, 2);
    v128.store(to + (<usize>i << 2), v128.load32_lane(at + step * 3, two, 3));
  }
  for (; i < count; i++, at += step) store<u32>(to + ((<usize>i) << 2), load<u32>(at));
}

/** Bytes that are `stride` apart. */
export function gather8(from: usize, stride: i32, count: i32, to: usize): void {
  for (let i = 0, at = from; i < count; i++, at += stride) store<u8>(to + i, load<u8>(at));
}

/** 16-bit words that are `stride` bytes apart. */
export function gather16(from: usize, stride: i32, count: i32, to: usize): void {
  for (let i = 0, at = from; i < count; i++, at += stride) store<u16>(to + (<usize>i << 1), load<u16>(at));
}

/** A field of 64-bit words that are `stride` bytes apart: (word >> shift) & mask. */
export function gatherField(from: usize, stride: i32, count: i32, shift: i32, mask: u32, to: usize): void {
  for (let i = 0, at = from; i < count; i++, at += stride) {
    store<u32>(to + ((<usize>i) << 2), <u32>(load<u64>(at) >> <u64>shift) & mask);
  }
}

/** _mapcount + 1, and 1 in `empty` if the word is a type. */
export function gatherMapcounts(from: usize, stride: i32, count: i32, to: usize, empty: usize): void {
  for (let i = 0, at = from; i < count; i++, at += stride) {
    const word = load<i32>(at);
    const typed = isTyped(word);
    store<u8>(empty + i, <u8>typed);
    store<i32>(to + ((<usize>i) << 2), typed ? word : word + 1);
  }
}
