/**
 * Encodings of Apache Parquet (Encodings.md of parquet-format). Each writes from `to` on and returns where its output ends; behind that it may
 * have written some bytes more.
 */

/** Groups of 8 values that one run of packed values has at the most: then its header is one byte. */
const MOST_GROUPS = 63;
const BLOCK = 128;
const MINIBLOCK = 32;

@inline
function varint(to: usize, value: u64): usize {
  while (value > 127) {
    store<u8>(to++, <u8>(value | 128));
    value >>= 7;
  }
  store<u8>(to, <u8>value);
  return to + 1;
}

@inline
function zigzag(value: i64): u64 {
  return <u64>((value << 1) ^ (value >> 63));
}

/** Where a run of values equal to that at `at` ends. */
@inline
function runEnd(at: usize, end: usize): usize {
  const value = load<i32>(at);
  let to = at + 4;
  while (to < end && load<i32>(to) == value) to += 4;
  return to;
}

@inline
function isRun(at: usize): bool {
  const first = i32x4.splat(load<i32>(at));
  return v128.all_true<i32>(
    v128.and(i32x4.eq(first, v128.load(at)), i32x4.eq(first, v128.load(at, 16))),
  );
}

/** The hybrid of run lengths and packed values, each of `width` bits; behind the values there must be room for 8 more. */
export function packHybrid(values: usize, count: i32, width: i32, to: usize): usize {
  const end = values + ((<usize>count) << 2);
  memory.fill(end, 0, 32);
  // a run breaks packed values in two, which costs some bytes
  const least: usize = width <= 2 ? 128 : width <= 4 ? 64 : 32;
  const valueBytes = (width + 7) >> 3;
  let at = values;
  while (at < end) {
    const stop = runEnd(at, end);
    if (stop - at >= least || stop == end) {
      to = varint(to, (<u64>(stop - at) >> 2) << 1);
      store<u32>(to, load<u32>(at));
      to += valueBytes;
      at = stop;
      continue;
    }
    const header = to++;
    let groups = 0;
    do {
      to = packEight(at, width, to);
      at += 32;
      groups++;
    } while (groups < MOST_GROUPS && at < end && !(isRun(at) && runEnd(at, end) - at >= least));
    store<u8>(header, <u8>((groups << 1) | 1));
  }
  return to;
}

/** Packs 8 values; a multiple of 8 bits each way. */
@inline
function packEight(at: usize, width: i32, to: usize): usize {
  if (width <= 8) {
    let word: u64 = 0;
    for (let k = 7; k >= 0; k--) word = (word << width) | <u64>load<u32>(at + (<usize>k << 2));
    store<u64>(to, word);
    return to + width;
  }
  let word: u64 = 0;
  let bits = 0;
  let out = to;
  for (let k: usize = 0; k < 8; k++) {
    word |= (<u64>load<u32>(at + (k << 2))) << bits;
    bits += width;
    if (bits >= 32) {
      store<u32>(out, <u32>word);
      out += 4;
      word >>= 32;
      bits -= 32;
    }
  }
  store<u32>(out, <u32>word);
  return to + width;
}

/** Whether each row has a value, as levels of definition of one bit; `levels` has a byte for each row. */
export function packLevels(levels: usize, count: i32, to: usize): usize {
  const end = levels + count;
  memory.fill(end, 0, 8);
  let at = levels;
  while (at < end) {
    const value = load<u8>(at);
    let stop = at + 1;
    while (stop < end && load<u8>(stop) == value) stop++;
    if (stop - at >= 32 || stop == end) {
      to = varint(to, (<u64>(stop - at)) << 1);
      store<u8>(to++, value);
      at = stop;
      continue;
    }
    const header = to++;
    let groups = 0;
    do {
      // the lowest bits of 8 bytes to one
      store<u8>(to++, <u8>((load<u64>(at) * 0x0102040810204080) >> 56));
      at += 8;
      groups++;
    } while (groups < MOST_GROUPS && at < end && !isSame(at, end));
    store<u8>(header, <u8>((groups << 1) | 1));
  }
  return to;
}

/** Whether the next 32 levels are alike. */
@inline
function isSame(at: usize, end: usize): bool {
  if (end - at < 32) return false;
  const first = i8x16.splat(load<i8>(at));
  return v128.all_true<i8>(v128.and(i8x16.eq(first, v128.load(at)), i8x16.eq(first, v128.load(at, 16))));
}

/** DELTA_BINARY_PACKED of 64-bit words, blocks of 128 in 4 miniblocks; `scratch` has room for a block. */
export function packDeltas(words: usize, count: i32, scratch: usize, to: usize): usize {
  to = varint(to, BLOCK);
  to = varint(to, BLOCK / MINIBLOCK);
  to = varint(to, <u64>count);
  let last = count > 0 ? load<i64>(words) : 0;
  to = varint(to, zigzag(last));
  for (let first = 1; first < count; first += BLOCK) {
    const n = min(BLOCK, count - first);
    let least = i64.MAX_VALUE;
    for (let k = 0; k < n; k++) {
      const value = load<i64>(words + ((<usize>(first + k)) << 3));
      const delta = value - last;
      last = value;
      least = min(least, delta);
      store<i64>(scratch + ((<usize>k) << 3), delta);
    }
    // what is behind the last value takes no bits
    for (let k = n; k < BLOCK; k++) store<i64>(scratch + ((<usize>k) << 3), least);
    to = varint(to, zigzag(least));
    const widths = to;
    to += BLOCK / MINIBLOCK;
    for (let m = 0; m < BLOCK / MINIBLOCK; m++) {
      const from = scratch + ((<usize>(m * MINIBLOCK)) << 3);
      let all: u64 = 0;
      for (let k: usize = 0; k < <usize>MINIBLOCK; k++) {
        const value = <u64>(load<i64>(from + (k << 3)) - least);
        store<u64>(from + (k << 3), value);
        all |= value;
      }
      const width = 64 - <i32>clz(all);
      store<u8>(widths + m, <u8>width);
      to = packMiniblock(from, width, to);
    }
  }
  return to;
}

@inline
function packMiniblock(from: usize, width: i32, to: usize): usize {
  if (width == 0) return to;
  let out = to;
  let word: u64 = 0;
  let bits = 0;
  for (let k: usize = 0; k < <usize>MINIBLOCK; k++) {
    const value = load<u64>(from + (k << 3));
    word |= value << bits;
    bits += width;
    if (bits >= 64) {
      store<u64>(out, word);
      out += 8;
      bits -= 64;
      // what did not fit; a shift by 64 would be one by 0
      word = bits == 0 ? 0 : value >> (width - bits);
    }
  }
  store<u64>(out, word);
  return to + (<usize>(width * MINIBLOCK) >> 3);
}
