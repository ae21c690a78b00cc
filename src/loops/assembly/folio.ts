import { ALONE, alikeUntil, FREE, SLAB, TAIL, TYPED, UNTYPED } from './alike';
import { kindBits, packed, placeOf } from './facts';
import {
  base,
  CACHE_SLOT_BYTES,
  CacheSlot,
  cacheTable,
  compoundAt,
  facts,
  fakeEvery,
  flagsAt,
  head,
  headMask,
  HeadRead,
  hugetlbAt,
  HugetlbBy,
  hugetlbBy,
  hugetlbValue,
  mapcountAt,
  mappingAt,
  MappingKind,
  mayBeMovable,
  movableByMapping,
  Order,
  orderByte,
  outside,
  pointersFrom,
  pointersSpan,
  pfnOf,
  Place,
  privateAt,
  raw,
  readHead,
  refcountAt,
  size,
  sizeLog,
  slabCache,
  slabCacheAt,
  slabMask,
  Slots,
  states,
  tailMayBeMask,
  typeBuddy,
  typeHugetlb,
  typeSlab,
} from './generated/abi';
import { addRun } from './summary';
import { typeOf } from './types';

/** The folio that was described last: its tails follow. */
let lastHead: i64 = -1;
/** Its facts, for any place in it. */
let lastFacts: u64 = 0;
let cachesKnown: i32 = 0;

/** The free block that was met last ends before this pfn, and what its pages are. */
let freeEnd: i64 = 0;
let freeFacts: u64 = 0;
/** What pages behind the one that was looked at last may be alike by, and up to which pfn. */
let alike: i32 = ALONE;
let alikeEnd: i64 = 0;

/**
 * Decides for each page of the batch what it is a part of. A batch must start at a multiple of the largest free block, so
 * that no free block reaches over its edge; folios may.
 */
export function folios(start: f64, count: i32): void {
  const first = <i64>start;
  const stride = <usize>size;
  const wantHead = head != 0;
  const none = packed(Place.plain, 0, 0, Order.notFree, 0, 0);
  freeEnd = 0;
  // memory may have changed since the batch before
  lastHead = -1;
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

/** Counts the pages of a batch all of which can be read; the folio pass is not needed then. */
export function summarizeAll(start: f64, count: i32): void {
  const first = <i64>start;
  const stride = <usize>size;
  const words = flagsAt;
  freeEnd = 0;
  lastHead = -1;
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

/** What the page at `at` is a part of; sets what the pages behind it may be alike by. Pages before `good` can be read. */
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

/** No kernel has movable free pages; if one had, this is what they would map. */
@inline
function freeKind(at: usize): i32 {
  return load<u8>(mayBeMovable + typeBuddy) ? kindOf(load<u64>(at + mappingAt), typeBuddy) : 0;
}

/** What a head, a tail, or what only looks like a head is a part of. */
function compoundFacts(at: usize, pfn: i64, link: u64, first: i64, good: i32, count: i32): u64 {
  let owner = pfn;
  let place = Place.plain;
  alike = ALONE;
  if (link & 1) {
    owner = headOf(pfn, link);
    place = pfn == owner + 1 ? Place.second : Place.tail;
    // a tail that names itself or one behind it is no tail of what follows
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

/** Up to where pages with the same compound word have the same head. */
export let tailEnd: i64 = 0;

/** Pfn of the head that a tail's compound word names; the page's own pfn when it names none. */
export function headOf(pfn: i64, link: u64): i64 {
  tailEnd = i64.MAX_VALUE;
  // a mask: all ones above some bit; a pointer to the array never is, as it lies below
  if (tailMayBeMask && <u32>(link >> 32) == 0xffffffff) {
    const low = <u32>link & ~1;
    const shift = ctz(low);
    if (low && sizeLog >= 0 && low == <u32>0xffffffff << shift) {
      if (shift < <u32>sizeLog) return pfn;
      const pages = <i64>1 << (shift - <u32>sizeLog);
      const owner = pfn & ~(pages - 1);
      tailEnd = owner + pages;
      return owner;
    }
  }
  let owner: i64 = -1;
  if (base) {
    const bytes = link - 1 - base;
    if (link > base) {
      // a division costs more than all the rest
      if (sizeLog >= 0) {
        if ((bytes & <u64>(size - 1)) == 0) owner = <i64>(bytes >> <u64>sizeLog);
      } else if (bytes % <u64>size == 0) owner = <i64>(bytes / <u64>size);
    }
  } else owner = <i64>pfnOf(<u32>link & ~1, <u32>(link >> 32));
  return owner >= 0 && owner < <i64>1 << 40 ? owner : pfn;
}

function describeHead(owner: i64, first: i64, count: i32): void {
  lastHead = owner;
  const index = owner - first;
  // the order is in the page behind the head, so that one has to be here too
  if (index >= 0 && index + 1 < count) {
    const at = states + <usize>index;
    if (load<u8>(at) == 0 && load<u8>(at, 1) == 0) describe(raw + <usize>index * size);
    else unknown();
  } else if (readHead(<f64>owner) == HeadRead.good) describe(outside);
  else unknown();
}

function unknown(): void {
  lastFacts = packed(Place.plain, 0, 0, Order.notFree, Order.unknown, 0);
}

/** What the head at `at` says of its folio. */
function describe(at: usize): void {
  const flags = load<u32>(at + flagsAt);
  const secondFlags = load<u32>(at + size + flagsAt);
  const value: u32 = orderByte >= 0 ? <u32>load<u8>(at + orderByte) : secondFlags & 0xff;
  let type = flags & slabMask ? typeSlab : typeOf(load<i32>(at + mapcountAt));
  if (type == 0) {
    const huge =
      (hugetlbBy == HugetlbBy.destructor && <i32>load<u8>(at + hugetlbAt) == hugetlbValue) ||
      (hugetlbBy == HugetlbBy.flag && ((secondFlags >>> hugetlbAt) & 1) != 0);
    if (huge) type = typeHugetlb;
  }
  const mayMap = type == 0 || type == typeHugetlb || load<u8>(mayBeMovable + type);
  const kind = mayMap ? kindOf(load<u64>(at + mappingAt), type) : 0;
  const cache = type && type == typeSlab ? cacheOf(at) : 0;
  lastFacts = packed(Place.plain, type, kind, Order.notFree, value > <u32>Order.most ? Order.unknown : <i32>value, cache);
}

/** Code in MAPPING_KINDS by the low bits of `mapping` (include/linux/page-flags.h: PAGE_MAPPING_ANON, _KSM, _MOVABLE). */
@inline
function kindOf(mapping: u64, type: i32): i32 {
  const code = kindOfPlain(mapping, kindCodes());
  return type && load<u8>(mayBeMovable + type) && code != MappingKind.movable ? 0 : code;
}

/** The codes of the four values of the low bits, 4 bits each: file, anon, movable or none, ksm. */
@inline
function kindCodes(): u32 {
  return (
    MappingKind.file |
    (MappingKind.anon << 4) |
    (movableByMapping ? MappingKind.movable << 8 : 0) |
    (MappingKind.ksm << 12)
  );
}

/** Without a branch, since neighbours differ; poison values are no pointers of the kernel. */
@inline
function kindOfPlain(mapping: u64, codes: u32): i32 {
  const code = (codes >> ((<u32>mapping & 3) << 2)) & 7;
  return <i32>(code & -(<u32>(mapping - pointersFrom <= pointersSpan)));
}

/** Code of the slab cache whose page is at `at`. */
function cacheOf(at: usize): i32 {
  if (slabCacheAt < 0) return 0;
  const address = load<u64>(at + slabCacheAt);
  if (address == 0) return 0;
  let slot = (<u32>(address >> 6) * 0x9e3779b1) >>> 20;
  let entry = cacheSlot(slot);
  for (; entry.address != 0; entry = cacheSlot(++slot)) if (entry.address == address) return entry.code;
  const code = slabCache(<u32>address, <u32>(address >> 32));
  // half full is full: the rest is asked for each time
  if (cachesKnown < Slots.caches / 2) {
    cachesKnown++;
    entry.address = address;
    entry.code = code;
  }
  return code;
}

@inline
function cacheSlot(slot: u32): CacheSlot {
  return changetype<CacheSlot>(cacheTable + (slot & (Slots.caches - 1)) * CACHE_SLOT_BYTES);
}
