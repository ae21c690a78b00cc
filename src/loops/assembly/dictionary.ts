/** Dictionaries of values: each value gets the number of those that were met before it. */

/**
 * The codes of words, as 32-bit numbers. `slots` is a table of 2^slotBits codes + 1, all 0 at first; `words` has the
 * word of each code. Returns how many there are now, or -1 where there would be more than `most`: the dictionary is of no use then.
 */
export function internWords(
  from: usize,
  count: i32,
  slots: usize,
  slotBits: i32,
  words: usize,
  known: i32,
  most: i32,
  to: usize,
): i32 {
  const mask = (1 << slotBits) - 1;
  const shift = <u64>(64 - slotBits);
  let last: u64 = 0;
  let lastCode: i32 = -1;
  for (let i: usize = 0; i < <usize>count; i++) {
    const value = load<u64>(from + (i << 3));
    if (value != last || lastCode < 0) {
      let slot = <i32>((value * 0x9e3779b97f4a7c15) >> shift);
      for (;;) {
        const at = slots + ((<usize>slot) << 2);
        lastCode = load<i32>(at) - 1;
        if (lastCode < 0) {
          if (known == most) return -1;
          lastCode = known++;
          store<i32>(at, known);
          store<u64>(words + ((<usize>lastCode) << 3), value);
          break;
        }
        if (load<u64>(words + ((<usize>lastCode) << 3)) == value) break;
        slot = (slot + 1) & mask;
      }
      last = value;
    }
    store<i32>(to + (i << 2), lastCode);
  }
  return known;
}

/** Makes the table of `internWords` all 0 again, with `known` words in it: cheaper than to clear a table with few. */
export function forgetWords(words: usize, known: i32, slots: usize, slotBits: i32): void {
  const mask = (1 << slotBits) - 1;
  const shift = <u64>(64 - slotBits);
  for (let i: usize = 0; i < <usize>known; i++) {
    let slot = <i32>((load<u64>(words + (i << 3)) * 0x9e3779b97f4a7c15) >> shift);
    // every word is in the run of slots that begins here, or an earlier word has cleared it
    for (;;) {
      const at = slots + ((<usize>slot) << 2);
      if (load<i32>(at) == 0) break;
      store<i32>(at, 0);
      slot = (slot + 1) & mask;
    }
  }
}

/**
 * The codes of names in a dictionary of their own, from codes of `bytes` each. `own` has for each code its own one + 1, 0 if
 * it was not met yet, -1 if its name is no value; `order` gets the codes in the order in which they are met, `seen` the number of the page that
 * each was last met in. Without those that are empty; `levels` gets a byte for each row. Returns how many have a value.
 */
export function internCodes(
  bytes: i32,
  from: usize,
  count: i32,
  empty: usize,
  own: usize,
  order: usize,
  seen: usize,
  page: i32,
  to: usize,
  levels: usize,
): i32 {
  let at = to;
  for (let i: usize = 0; i < <usize>count; i++) {
    let code: i32;
    if (bytes == 1) code = load<u8>(from + i);
    else if (bytes == 2) code = load<u16>(from + (i << 1));
    else code = load<i32>(from + (i << 2));
    const place = own + ((<usize>code) << 2);
    let mine = load<i32>(place);
    if (mine < 0 || (empty && load<u8>(empty + i))) {
      store<u8>(levels + i, 0);
      continue;
    }
    if (mine == 0) {
      // the first word of the order is how many there are
      mine = load<i32>(order) + 1;
      store<i32>(order, mine);
      store<i32>(order + ((<usize>mine) << 2), code);
      store<i32>(place, mine);
    }
    store<i32>(seen + ((<usize>mine) << 2), page);
    store<u8>(levels + i, 1);
    store<i32>(at, mine - 1);
    at += 4;
  }
  return <i32>((at - to) >> 2);
}

/** Notes that these codes are in a page: `seen` has, from its second word on, the last page of each. */
export function noteCodes(codes: usize, count: i32, seen: usize, page: i32): void {
  for (let i: usize = 0; i < <usize>count; i++) {
    store<i32>(seen + 4 + ((<usize>load<i32>(codes + (i << 2))) << 2), page);
  }
}
