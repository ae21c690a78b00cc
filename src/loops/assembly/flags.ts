import { aliasBits, aliasCount, aliasRules, facts, flagBits, flagsAt, raw, sets, size, states, tailFlagBits } from './state';

const PLAIN: i32 = 0;
const SECOND: i32 = 2;
const FAKE_HEAD: i32 = 3;

/**
 * The flags of a page as a set: aliases resolved by what the page is, fields of the word left out. A rule is (bit, bit of the
 * alias, kinds, types, bit that must be set, bit that must not, whether only behind a head); -1 or 0 is no condition.
 */
@inline
export function flagSet(word: u64, about: u64): u64 {
  const where = <i32>(about & 0xff);
  if (where == PLAIN) {
    const bits = word & flagBits;
    return <u32>bits & aliasBits ? resolve(bits, about, PLAIN) : bits;
  }
  // the bits of a fake head are those of its head: it is the same memory
  if (where == FAKE_HEAD) return 0;
  const bits = word & tailFlagBits;
  return <u32>bits & aliasBits ? resolve(bits, about, where) : bits;
}

function resolve(bits: u64, about: u64, where: i32): u64 {
  const low = <u32>bits;
  const isTail = where != PLAIN;
  const kindBit = <u32>1 << <u32>((about >> 16) & 0xff);
  const typeBit = <u32>1 << <u32>((about >> 8) & 0xff);
  let out = bits;
  for (let n = 0, rule = aliasRules; n < aliasCount; n++, rule += 28) {
    const bit = load<u32>(rule);
    if (((<u32>out >>> bit) & 1) == 0) continue;
    if (load<i32>(rule, 24) ? where != SECOND : isTail) continue;
    const kinds = load<u32>(rule, 8);
    if (kinds && (kinds & kindBit) == 0) continue;
    const types = load<u32>(rule, 12);
    if (types && (types & typeBit) == 0) continue;
    const needs = load<i32>(rule, 16);
    if (needs >= 0 && ((low >>> needs) & 1) == 0) continue;
    const not = load<i32>(rule, 20);
    if (not >= 0 && (low >>> not) & 1) continue;
    out = (out & ~(<u64>1 << bit)) | (<u64>1 << load<u32>(rule, 4));
  }
  return out;
}

/** The sets of all pages of the batch, whose folios are known. */
export function flagSets(count: i32): void {
  for (let i = 0, at = raw + flagsAt; i < count; i++, at += size) {
    store<u64>(sets + (<usize>i << 3), load<u8>(states + i) ? 0 : flagSet(load<u64>(at), load<u64>(facts + (<usize>i << 3))));
  }
}
