import {
  compoundAt,
  flagBits,
  headMask,
  mapcountAt,
  mappingAt,
  mayBeMovable,
  refcountAt,
  slabCacheAt,
  slabMask,
  tailFlagBits,
  typeBuddy,
  flagsAt,
} from './state';

/**
 * Neighbouring pages are mostly alike: what was found out of one holds for those behind it that have the same bits where a
 * mask says so. Which bits count depends on what the page is.
 */
export const FREE: i32 = 0;
export const UNTYPED: i32 = 1;
export const TYPED: i32 = 2;
export const SLAB: i32 = 3;
export const TAIL: i32 = 4;
/** Nothing is known of the page behind. */
export const ALONE: i32 = -1;

/** Bytes of a page that masks reach, and masks of a set. */
const REACH: i32 = 64;
const MASKS: i32 = 5;

/** Two sets of masks: for what a page is a part of, and for that and the bits that a summary counts. */
let masks: usize = 0;
let withinReach: bool = false;

/** Makes the masks at `at`, when all of the layout has been said. */
export function setMasks(at: usize): void {
  masks = at;
  countAlso(0);
}

/** Makes the masks for a summary that counts these bits of the flags word. */
export function countAlso(counted: u64): void {
  const kind: u64 = 0xff00000000000003;
  memory.fill(masks, 0, 2 * MASKS * REACH);
  withinReach =
    max(max(max(flagsAt, compoundAt), max(mappingAt, slabCacheAt)), max(mapcountAt, refcountAt) - 4) <= REACH - 8;
  if (!withinReach) return;
  for (let set = 0; set < 2; set++) {
    const more: u64 = set ? counted : 0;
    for (let what = FREE; what <= SLAB; what++) {
      put(set, what, flagsAt, <u64>(headMask | slabMask) | more);
      put(set, what, compoundAt, 1);
      put(set, what, mapcountAt, 0xffffffff);
    }
    put(set, FREE, refcountAt, 0xffffffff);
    if (load<u8>(mayBeMovable + typeBuddy)) put(set, FREE, mappingAt, kind);
    put(set, UNTYPED, mappingAt, kind);
    put(set, TYPED, mappingAt, kind);
    if (slabCacheAt >= 0) put(set, SLAB, slabCacheAt, ~0);
    put(set, TAIL, flagsAt, more);
    put(set, TAIL, compoundAt, ~0);
  }
}

function put(set: i32, what: i32, member: i32, bits: u64): void {
  const at = masks + (set * MASKS + what) * REACH + member;
  store<u64>(at, load<u64>(at) | bits);
}

/** Whether the page at `at` differs from one that is at hand where a mask says so. All 64 bytes, 16 at a time. */
@inline
function differs(at: usize, page0: v128, page1: v128, page2: v128, page3: v128, mask0: v128, mask1: v128, mask2: v128, mask3: v128): bool {
  const low = v128.or(
    v128.and(v128.xor(v128.load(at), page0), mask0),
    v128.and(v128.xor(v128.load(at, 16), page1), mask1),
  );
  const high = v128.or(
    v128.and(v128.xor(v128.load(at, 32), page2), mask2),
    v128.and(v128.xor(v128.load(at, 48), page3), mask3),
  );
  return v128.any_true(v128.or(low, high));
}

/** Whether two pages have the same bits where the 64 bytes at `mask` say so. */
@inline
export function sameUnder(mask: usize, one: usize, other: usize): bool {
  return !differs(
    other,
    v128.load(one),
    v128.load(one, 16),
    v128.load(one, 32),
    v128.load(one, 48),
    v128.load(mask),
    v128.load(mask, 16),
    v128.load(mask, 32),
    v128.load(mask, 48),
  );
}

/**
 * Index of the first page behind page `i`, whose bytes are at `at`, that is not like it; `end` at the most. `what` is what page
 * `i` is, `set` the set of masks.
 */
@inline
export function alikeUntil(set: i32, what: i32, at: usize, stride: usize, i: i32, end: i32): i32 {
  let next = i + 1;
  if (next >= end || what < 0 || !withinReach) return next;
  const mask = masks + (set * MASKS + what) * REACH;
  // read once: in the loop that costs a quarter of its time
  const mask0 = v128.load(mask);
  const mask1 = v128.load(mask, 16);
  const mask2 = v128.load(mask, 32);
  const mask3 = v128.load(mask, 48);
  const page0 = v128.load(at);
  const page1 = v128.load(at, 16);
  const page2 = v128.load(at, 32);
  const page3 = v128.load(at, 48);
  for (let to = at + stride; next < end; next++, to += stride) {
    if (differs(to, page0, page1, page2, page3, mask0, mask1, mask2, mask3)) break;
  }
  return next;
}
