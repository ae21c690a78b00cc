/** Writes a decimal number; overwrites up to 8 bytes after it. Returns its end. */
@inline
export function decimal(to: usize, value: u64): usize {
  if (value < 10) {
    store<u8>(to, 0x30 + <u8>value);
    return to + 1;
  }
  return manyDigits(to, value);
}

/** The last number written: the pfn of a page and that of its head are mostly equal. */
let lastValue: u64 = 0;
let lastText: u64 = 0x30;
let lastLength: usize = 1;

function manyDigits(to: usize, value: u64): usize {
  if (value < 100000000) {
    if (value != lastValue) {
      const digits = eightDigits(<u32>value);
      const zeros = <u64>ctz(digits) & ~7;
      lastValue = value;
      lastText = (digits | 0x3030303030303030) >> zeros;
      lastLength = 8 - <usize>(zeros >> 3);
    }
    store<u64>(to, lastText);
    return to + lastLength;
  }
  const top = value / 100000000;
  let end = to + 1;
  if (top < 10) store<u8>(to, 0x30 + <u8>top);
  else end = manyDigits(to, top);
  store<u64>(end, eightDigits(<u32>(value - top * 100000000)) | 0x3030303030303030);
  return end + 8;
}

/** The digits of a number below 10^8, the first in the lowest byte; computes halves, quarters and digits in parallel. */
@inline
function eightDigits(value: u32): u64 {
  const high = value / 10000;
  let x = <u64>high | (<u64>(value - high * 10000) << 32);
  const hundreds = ((x * 10486) >> 20) & 0x0000007f0000007f;
  x = hundreds | ((x - hundreds * 100) << 16);
  const tens = ((x * 103) >> 10) & 0x000f000f000f000f;
  return tens | ((x - tens * 10) << 8);
}

/** Writes 0x and hexadecimal digits; overwrites up to 15 bytes after them. Returns their end. */
@inline
export function hexadecimal(to: usize, value: u64): usize {
  store<u16>(to, 0x7830);
  const digits = <usize>(16 - (clz(value | 1) >> 2));
  const x = value << ((16 - <u64>digits) << 2);
  store<u64>(to, eightNibbles(<u32>(x >> 32)), 2);
  store<u64>(to, eightNibbles(<u32>x), 10);
  return to + 2 + digits;
}

/** The nibbles of a word as characters, the highest in the lowest byte. */
@inline
function eightNibbles(value: u32): u64 {
  let x = <u64>bswap<u32>(value);
  x = (x | (x << 16)) & 0x0000ffff0000ffff;
  x = (x | (x << 8)) & 0x00ff00ff00ff00ff;
  x = ((x >> 4) | (x << 8)) & 0x0f0f0f0f0f0f0f0f;
  // letters are 0x27 further on than digits
  const letters = ((x + 0x0606060606060606) >> 4) & 0x0101010101010101;
  return x + 0x3030303030303030 + letters * 0x27;
}
