/** The facts of a page in one word, in the order of the record `Facts`. */

/** Combines facts. */
@inline
export function packed(place: i32, type: i32, kind: i32, free: i32, order: i32, cache: i32): u64 {
  return (
    <u64>(<u32>place | (<u32>type << 8) | (<u32>kind << 16) | (<u32>free << 24)) |
    (<u64>(<u32>order | (<u32>cache << 16)) << 32)
  );
}

@inline
export function placeOf(facts: u64): i32 {
  return <i32>(facts & 0xff);
}

@inline
export function typeOf(facts: u64): i32 {
  return <i32>((facts >> 8) & 0xff);
}

@inline
export function kindOf(facts: u64): i32 {
  return <i32>((facts >> 16) & 0xff);
}

/** The bits of a kind of mapping. */
@inline
export function kindBits(kind: i32): u64 {
  return <u64>(<u32>kind << 16);
}

@inline
export function freeOrderOf(facts: u64): i32 {
  return <i32>((facts >> 24) & 0xff);
}

@inline
export function orderOf(facts: u64): i32 {
  return <i32>((facts >> 32) & 0xff);
}

@inline
export function cacheOf(facts: u64): i32 {
  return <i32>(facts >> 48);
}
