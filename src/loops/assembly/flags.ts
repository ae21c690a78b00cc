import {
  ALIAS_RULE_BYTES,
  aliasBits,
  aliasCount,
  AliasRule,
  aliasRules,
  facts,
  flagBits,
  flagsAt,
  Place,
  raw,
  sets,
  size,
  states,
  tailFlagBits,
} from './generated/abi';
import { kindOf, placeOf, typeOf } from './facts';

/** The flags of a page as a set: resolves aliases by what the page is, and leaves out the fields of the word. */
@inline
export function flagSet(word: u64, about: u64): u64 {
  const where = placeOf(about);
  if (where == Place.plain) {
    const bits = word & flagBits;
    return <u32>bits & aliasBits ? resolve(bits, about, Place.plain) : bits;
  }
  // the bits of a fake head are those of its head: it is the same memory
  if (where == Place.fakeHead) return 0;
  const bits = word & tailFlagBits;
  return <u32>bits & aliasBits ? resolve(bits, about, where) : bits;
}

function resolve(bits: u64, about: u64, where: i32): u64 {
  const low = <u32>bits;
  const kindBit = <u32>1 << <u32>kindOf(about);
  const typeBit = <u32>1 << <u32>typeOf(about);
  let out = bits;
  for (let n = 0, at = aliasRules; n < aliasCount; n++, at += ALIAS_RULE_BYTES) {
    const rule = changetype<AliasRule>(at);
    if (((out >> <u64>rule.bit) & 1) == 0) continue;
    if (((rule.places >> <u32>where) & 1) == 0) continue;
    if (rule.kinds && (rule.kinds & kindBit) == 0) continue;
    if (rule.types && (rule.types & typeBit) == 0) continue;
    if (rule.withBit >= 0 && ((low >>> rule.withBit) & 1) == 0) continue;
    if (rule.withoutBit >= 0 && (low >>> rule.withoutBit) & 1) continue;
    out = (out & ~(<u64>1 << <u64>rule.bit)) | (<u64>1 << <u64>rule.to);
  }
  return out;
}

/** The sets of all pages of the batch, after the folio pass. */
export function flagSets(count: i32): void {
  for (let i = 0, at = raw + flagsAt; i < count; i++, at += size) {
    store<u64>(sets + (<usize>i << 3), load<u8>(states + i) ? 0 : flagSet(load<u64>(at), load<u64>(facts + (<usize>i << 3))));
  }
}
