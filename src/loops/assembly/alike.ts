import {
  compoundAt,
  flagsAt,
  headMask,
  mapcountAt,
  mappingAt,
  masks,
  Masks,
  mayBeMovable,
  refcountAt,
  slabCacheAt,
  slabMask,
  typeBuddy,
} from './generated/abi';
import { kindMask } from './mapping';

/**
 * Neighbouring pages are mostly alike: the facts of one page hold for those after it that have the same bits under a mask.
 * The mask depends on what the page is.
 */
export const FREE: i32 = 0;
export const UNTYPED: i32 = 1;
export const TYPED: i32 = 2;
export const SLAB: i32 = 3;
export const TAIL: i32 = 4;
/** Nothing is known about the next page. */
export const ALONE: i32 = -1;

/**
 * Kinds of pages that have a mask. There are two sets of masks: for the facts, and for the facts and the bits that a
 * summary counts.
 */
const WHATS: i32 = 5;
/** The reach of most masks: 64 bytes are compared at once, more only if a member lies beyond. */
const NEAR: i32 = 64;

let withinReach: bool = false;
let far: bool = false;

/** Makes the masks, once the layout is set. */
export function makeMasks(): void {
  countAlso(0);
}

/** Makes the masks for a summary that counts these bits of the flags word. */
export function countAlso(counted: u64): void {
  const kind = kindMask();
  memory.fill(masks, 0, Masks.bytes);
  const end =
    max(max(max(flagsAt, compoundAt), max(mappingAt, slabCacheAt)), max(mapcountAt, refcountAt) - 4) + 8;
  withinReach = end <= Masks.reach;
  far = end > NEAR;
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

@inline
function maskOf(set: i32, what: i32): usize {
  return masks + (set * WHATS + what) * Masks.reach;
}

function put(set: i32, what: i32, member: i32, bits: u64): void {
  const at = maskOf(set, what) + member;
  store<u64>(at, load<u64>(at) | bits);
}

/** Whether the page at `at` differs from a loaded page under a mask of 64 bytes, 16 at a time. */
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

/** Whether two pages have the same bits under the first 64 bytes of a mask. */
@inline
export function sameNear(mask: usize, one: usize, other: usize): bool {
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

/** The same for all bytes of a mask. */
function sameFar(mask: usize, one: usize, other: usize): bool {
  return sameNear(mask, one, other) && sameNear(mask + NEAR, one + NEAR, other + NEAR);
}

/** Whether a mask has no bits beyond its first 64 bytes. */
export function isNear(mask: usize): bool {
  let bits: u64 = 0;
  for (let i = NEAR; i < Masks.reach; i += 8) bits |= load<u64>(mask + i);
  return bits == 0;
}

/** Whether two pages have the same bits under `mask`; `near` means that the mask has bits in its first 64 bytes only. */
@inline
export function sameUnder(mask: usize, near: bool, one: usize, other: usize): bool {
  return near ? sameNear(mask, one, other) : sameFar(mask, one, other);
}

/**
 * Index of the first page after page `i`, whose bytes are at `at`, that is not like it; at most `end`. `what` is the kind
 * of page `i`, `set` the set of masks.
 */
@inline
export function alikeUntil(set: i32, what: i32, at: usize, stride: usize, i: i32, end: i32): i32 {
  let next = i + 1;
  if (next >= end || what < 0 || !withinReach) return next;
  const mask = maskOf(set, what);
  if (far) return alikeFarUntil(mask, at, stride, next, end);
  // loaded once: inside the loop this would take a quarter of its time
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

function alikeFarUntil(mask: usize, at: usize, stride: usize, from: i32, end: i32): i32 {
  let next = from;
  for (let to = at + stride; next < end && sameFar(mask, at, to); next++) to += stride;
  return next;
}
