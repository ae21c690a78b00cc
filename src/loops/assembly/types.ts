import { Nothing, TYPE_RULE_BYTES, typeByByte, typedBelow, typeRuleCount, TypeRule, typeRules, typeTable } from './generated/abi';

/** The code of the type in a word of `_mapcount` / `page_type`; 0 if it is a map count. */
@inline
export function typeOf(word: i32): i32 {
  // by far the most common word is the map count of a page that is mapped at most once
  return word >= -1 ? 0 : typeOfNegative(word);
}

function typeOfNegative(word: i32): i32 {
  if (typeByByte) {
    if (word >= typedBelow) return 0;
    return <i32>load<u8>(typeTable + (<u32>word >>> 24));
  }
  for (let i = 0, at = typeRules; i < typeRuleCount; i++, at += TYPE_RULE_BYTES) {
    const rule = changetype<TypeRule>(at);
    if ((word & rule.mask) == rule.value) return rule.code;
  }
  return 0;
}

/** Whether a word is a type, and thus not a map count. */
@inline
export function isTyped(word: i32): bool {
  if (word >= -1) return false;
  return typedBelow != i32.MIN_VALUE ? word < typedBelow : typeOfNegative(word) != 0;
}

/** Whether a 64-bit value of an `optional` lane means none. */
@inline
export function isNothing(value: u64): bool {
  return value == ((<u64>(<u32>Nothing.high) << 32) | Nothing.low);
}
