/** Snappy, raw format (format_description.txt of google/snappy). */

/** What copies may reach back is at most a block: offsets have 16 bits. */
const BLOCK = 65536;
const TABLE_BITS = 14;

@inline
function literal(from: usize, length: usize, to: usize): usize {
  const n = length - 1;
  if (n < 60) store<u8>(to++, <u8>(n << 2));
  else if (n < 256) {
    store<u8>(to, 60 << 2);
    store<u8>(to, <u8>n, 1);
    to += 2;
  } else {
    store<u8>(to, 61 << 2);
    store<u16>(to, <u16>n, 1);
    to += 3;
  }
  memory.copy(to, from, length);
  return to + length;
}

@inline
function copyOf(offset: usize, length: usize, to: usize): usize {
  let left = length;
  while (left > 0) {
    // the rest must not be shorter than 4 if it is to fit into the short form
    const n: usize = left >= 68 ? 64 : left > 64 ? 60 : left;
    if (n >= 4 && n < 12 && offset < 2048) {
      store<u8>(to, <u8>(1 | ((n - 4) << 2) | ((offset >> 8) << 5)));
      store<u8>(to, <u8>offset, 1);
      to += 2;
    } else {
      store<u8>(to, <u8>(2 | ((n - 1) << 2)));
      store<u16>(to, <u16>offset, 1);
      to += 3;
    }
    left -= n;
  }
  return to;
}

/**
 * Compresses `length` bytes from `from` on; `table` has room for 2^14 16-bit numbers. The output takes no more than
 * 32 + length + length / 6 bytes.
 */
export function snappy(from: usize, length: i32, table: usize, to: usize): usize {
  let rest = <u32>length;
  while (rest > 127) {
    store<u8>(to++, <u8>(rest | 128));
    rest >>= 7;
  }
  store<u8>(to++, <u8>rest);
  const end = from + <usize>length;
  for (let start = from; start < end; start += BLOCK) {
    to = block(start, min(end, start + BLOCK), table, to);
  }
  return to;
}

function block(start: usize, end: usize, table: usize, to: usize): usize {
  memory.fill(table, 0, 2 << TABLE_BITS);
  // 8 bytes are compared at a time
  const limit = end - min(<usize>15, end - start);
  let at = start + 1;
  let pending = start;
  let misses: usize = 32;
  while (at < limit) {
    const slot = table + ((<usize>((load<u32>(at) * 0x1e35a7bd) >> (32 - TABLE_BITS))) << 1);
    const candidate = start + <usize>load<u16>(slot);
    store<u16>(slot, <u16>(at - start));
    if (load<u32>(candidate) != load<u32>(at)) {
      // what does not compress is passed over faster and faster
      at += misses++ >> 5;
      continue;
    }
    misses = 32;
    if (at > pending) to = literal(pending, at - pending, to);
    let length: usize = 4;
    while (at + length < end - 8) {
      const differs = load<u64>(candidate + length) ^ load<u64>(at + length);
      if (differs) {
        length += <usize>(ctz(differs) >> 3);
        break;
      }
      length += 8;
    }
    to = copyOf(at - candidate, length, to);
    at += length;
    pending = at;
  }
  if (pending < end) to = literal(pending, end - pending, to);
  return to;
}
