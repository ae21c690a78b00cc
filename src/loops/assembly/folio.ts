import { ALONE, alikeUntil, FREE, SLAB, TAIL, TYPED, UNTYPED } from './alike';
import { kindBits, packed, placeOf } from './facts';
import { cacheOf } from './caches';
import {
  compoundAt,
  facts,
  fakeEvery,
  flagsAt,
  head,
  headMask,
  mapcountAt,
  mappingAt,
  mayBeMovable,
  Order,
  Place,
  privateAt,
  raw,
  refcountAt,
  size,
  slabMask,
  states,
  typeBuddy,
  typeSlab,
} from './generated/abi';
import { describeHead, forgetLast, headOf, lastFacts, lastHead, tailEnd } from './heads';
import { kindCodes, kindOf, kindOfPlain } from './mapping';
import { addRun } from './summary';
import { typeOf } from './types';

/** The end of the last free block, and the facts of its pages. */
let freeEnd: i64 = 0;
let freeFacts: u64 = 0;
/** What pages after the last one may be alike by, and up to which pfn. */
let alike: i32 = ALONE;
let alikeEnd: i64 = 0;

/**
 * The folio pass: decides what each page of the batch belongs to. A batch must start at a multiple of the largest free
 * block, so that no free block crosses its edge; folios may.
 */
export function folios(start: f64, count: i32): void {
  const first = <i64>start;
  const stride = <usize>size;
  const wantHead = head != 0;
  const none = packed(Place.plain, 0, 0, Order.notFree, 0, 0);
  freeEnd = 0;
  forgetLast();
  let good = nextUnreadable(0, count);
  for (let i = 0; i < count; ) {
    if (i == good) {
      store<u64>(facts + (<usize>i << 3), none);
      if (wantHead) store<f64>(head + (<usize>i << 3), <f64>(first + i));
      good = nextUnreadable(++i, count);
      continue;
    }
    const at = raw + <usize>i * stride;
    const about = factsOf(at, i, first, good, count);
    const end = alikeUntil(0, alike, at, stride, i, <i32>min<i64>(alikeEnd - first, good));
    fill(i, end, about);
    if (wantHead) fillHeads(i, end, first, placeOf(about) != Place.plain);
    i = end;
  }
}

/** Counts the pages of a batch in which all can be read, without the folio pass. */
export function summarizeAll(start: f64, count: i32): void {
  const first = <i64>start;
  const stride = <usize>size;
  const words = flagsAt;
  freeEnd = 0;
  forgetLast();
  for (let i = 0; i < count; ) {
    const at = raw + <usize>i * stride;
    const about = factsOf(at, i, first, count, count);
    const end = alikeUntil(1, alike, at, stride, i, <i32>min<i64>(alikeEnd - first, count));
    addRun(load<u64>(at + words), about, end - i);
    i = end;
  }
}

/** Index of the first page from `i` on that could not be read, or `count`. */
function nextUnreadable(i: i32, count: i32): i32 {
  while (i + 8 <= count && load<u64>(states + i) == 0) i += 8;
  while (i < count && load<u8>(states + i) == 0) i++;
  return i;
}

@inline
function fill(from: i32, to: i32, about: u64): void {
  const end = facts + (<usize>to << 3);
  let at = facts + (<usize>from << 3);
  if (to - from >= 4) {
    const two = i64x2.splat(about);
    for (; at + 16 <= end; at += 16) v128.store(at, two);
  }
  for (; at < end; at += 8) store<u64>(at, about);
}

@inline
function fillHeads(from: i32, to: i32, first: i64, isTail: bool): void {
  for (let i = from; i < to; i++) {
    store<f64>(head + (<usize>i << 3), <f64>(isTail ? lastHead : first + i));
  }
}

/** The facts of the page at `at`; sets what the pages after it may be alike by. Pages before `good` can be read. */
@inline
function factsOf(at: usize, i: i32, first: i64, good: i32, count: i32): u64 {
  const pfn = first + i;
  const flags = load<u32>(at + flagsAt);
  const link = load<u64>(at + compoundAt);
  if ((link & 1) | <u64>(flags & headMask)) return compoundFacts(at, pfn, link, first, good, count);
  const word = load<i32>(at + mapcountAt);
  let type = flags & slabMask ? typeSlab : typeOf(word);
  alike = UNTYPED;
  alikeEnd = i64.MAX_VALUE;
  if (type == 0) {
    if (pfn < freeEnd) {
      if (load<u32>(at + refcountAt) == 0) {
        alike = FREE;
        alikeEnd = freeEnd;
        return freeFacts | kindBits(freeKind(at));
      }
      alike = ALONE;
    }
    return packed(Place.plain, 0, kindOfPlain(load<u64>(at + mappingAt), kindCodes()), Order.notFree, 0, 0);
  }
  if (type == typeBuddy) {
    const order = <i32>min<u32>(load<u32>(at + privateAt), <u32>Order.most);
    freeEnd = pfn + (<i64>1 << order);
    freeFacts = packed(Place.plain, typeBuddy, 0, order, 0, 0);
    alike = ALONE;
    return freeFacts | kindBits(freeKind(at));
  }
  if (load<u8>(mayBeMovable + type)) {
    alike = TYPED;
    return packed(Place.plain, type, kindOf(load<u64>(at + mappingAt), type), Order.notFree, 0, 0);
  }
  alike = type == typeSlab ? SLAB : TYPED;
  return packed(Place.plain, type, 0, Order.notFree, 0, type == typeSlab ? cacheOf(at) : 0);
}

/** No kernel has movable free pages; if one did, this is what they would map. */
@inline
function freeKind(at: usize): i32 {
  return load<u8>(mayBeMovable + typeBuddy) ? kindOf(load<u64>(at + mappingAt), typeBuddy) : 0;
}

/** The facts of a head, a tail, or a page that only looks like a head. */
function compoundFacts(at: usize, pfn: i64, link: u64, first: i64, good: i32, count: i32): u64 {
  let owner = pfn;
  let place = Place.plain;
  alike = ALONE;
  if (link & 1) {
    owner = headOf(pfn, link);
    place = pfn == owner + 1 ? Place.second : Place.tail;
    // a tail that names itself or a later page is not a tail
    if (pfn > owner + 1) {
      alike = TAIL;
      alikeEnd = tailEnd;
    }
  } else if (fakeEvery && pfn % fakeEvery == 0 && pfn + 1 < first + good) {
    const next = load<u64>(at + size + compoundAt);
    if (next & 1) owner = headOf(pfn + 1, next);
    if (owner != pfn) place = Place.fakeHead;
  }
  if (owner != lastHead) describeHead(owner, first, count);
  return lastFacts | <u64>place;
}
