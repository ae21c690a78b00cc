import { pfnOf, readHead, slabCache } from './host';
import {
  base,
  cacheTable,
  compoundAt,
  facts,
  fakeEvery,
  flagsAt,
  head,
  headMask,
  hugetlbAt,
  hugetlbBy,
  hugetlbValue,
  mapcountAt,
  mappingAt,
  mayBeMovable,
  movableByMapping,
  orderByte,
  outside,
  privateAt,
  raw,
  refcountAt,
  size,
  sizeLog,
  slabCacheAt,
  slabMask,
  states,
  tailMayBeMask,
  typeBuddy,
  typeHugetlb,
  typeSlab,
} from './state';
import { typeOf } from './types';

const UNKNOWN_ORDER: i32 = 255;
const NOT_FREE: i32 = 255;
const MAX_ORDER: u32 = 30;
const PLAIN: i32 = 0;
const TAIL: i32 = 1;
const SECOND: i32 = 2;
const FAKE_HEAD: i32 = 3;
const KIND_MOVABLE: i32 = 3;
const CACHE_SLOTS: u32 = 4096;

/** The folio that was described last: its tails follow. */
let lastHead: i64 = -1;
/** Its facts, for any place in it. */
let lastFacts: u64 = 0;
let cachesKnown: u32 = 0;

/** Forgets the folio that was described last: memory may have changed. */
export function forgetFolio(): void {
  lastHead = -1;
}

/**
 * Decides for each page of the batch what it is a part of. A batch must start at a multiple of the largest free block, so
 * that no free block reaches over its edge; folios may.
 */
export function folios(start: f64, count: i32): void {
  const first = <i64>start;
  const wantHead = head != 0;
  // what is fixed is read once: a call in a loop would make the compiler read it again
  const to = facts;
  const stateAt = states;
  const stride = <usize>size;
  const flagsOffset = <usize>flagsAt;
  const linkOffset = <usize>compoundAt;
  const wordOffset = <usize>mapcountAt;
  const mappingOffset = <usize>mappingAt;
  const heads = headMask;
  const slabs = slabMask;
  const buddy = typeBuddy;
  const movable = mayBeMovable;
  const codes = kindCodes();
  const refcountOffset = <usize>refcountAt;
  let freeEnd: i64 = 0;
  let freeNow: i32 = 0;
  let at = raw;
  for (let i = 0; i < count; i++, at += stride) {
    const out = to + (<usize>i << 3);
    if (wantHead) store<f64>(head + (<usize>i << 3), <f64>(first + i));
    if (load<u8>(stateAt + i)) {
      store<u64>(out, packed(PLAIN, 0, 0, NOT_FREE, 0, 0));
      continue;
    }
    const flags = load<u32>(at + flagsOffset);
    const link = load<u64>(at + linkOffset);
    if ((link & 1) | <u64>(flags & heads)) {
      const pfn = first + i;
      let owner = pfn;
      let place = PLAIN;
      if (link & 1) {
        owner = headOf(pfn, link);
        place = pfn == owner + 1 ? SECOND : TAIL;
      } else if (!tailMayBeMask && pfn % fakeEvery == 0 && i + 1 < count && load<u8>(stateAt + i, 1) == 0) {
        const next = load<u64>(at + stride + linkOffset);
        if (next & 1) owner = headOf(pfn + 1, next);
        if (owner != pfn) place = FAKE_HEAD;
      }
      if (owner != lastHead) describeHead(owner, first, count);
      if (wantHead) store<f64>(head + (<usize>i << 3), <f64>owner);
      store<u64>(out, lastFacts | <u64>place);
      continue;
    }
    const word = load<i32>(at + wordOffset);
    let type = flags & slabs ? typeSlab : typeOf(word);
    let free = NOT_FREE;
    if (type == 0) {
      if (first + i < freeEnd && load<u32>(at + refcountOffset) == 0) {
        type = buddy;
        free = freeNow;
      }
    } else if (type == buddy) {
      free = freeNow = <i32>min<u32>(load<u32>(at + privateAt), MAX_ORDER);
      freeEnd = first + i + (<i64>1 << freeNow);
    }
    let kind = 0;
    let cache = 0;
    if (type == 0) kind = kindOfPlain(load<u64>(at + mappingOffset), codes);
    else if (load<u8>(movable + type)) kind = kindOf(load<u64>(at + mappingOffset), type);
    else if (type == typeSlab) cache = cacheOf(at);
    store<u64>(out, packed(PLAIN, type, kind, free, 0, cache));
  }
}

/** The facts of a page in one word. */
@inline
function packed(place: i32, type: i32, kind: i32, free: i32, order: i32, cache: i32): u64 {
  return <u64>(<u32>place | (<u32>type << 8) | (<u32>kind << 16) | (<u32>free << 24)) | (<u64>(<u32>order | (<u32>cache << 16)) << 32);
}

/** Pfn of the head that a tail's compound word names; the page's own pfn when it names none. */
function headOf(pfn: i64, link: u64): i64 {
  // a mask: all ones above some bit; a pointer to the array never is, as it lies below
  if (tailMayBeMask && <u32>(link >> 32) == 0xffffffff) {
    const low = <u32>link & ~1;
    const shift = ctz(low);
    if (low && sizeLog >= 0 && low == <u32>0xffffffff << shift) {
      if (shift < <u32>sizeLog) return pfn;
      return pfn & ~((<i64>1 << (shift - <u32>sizeLog)) - 1);
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
  } else if (readHead(<f64>owner)) describe(outside);
  else unknown();
}

function unknown(): void {
  lastFacts = packed(PLAIN, 0, 0, NOT_FREE, UNKNOWN_ORDER, 0);
}

/** What the head at `at` says of its folio. */
function describe(at: usize): void {
  const flags = load<u32>(at + flagsAt);
  const secondFlags = load<u32>(at + size + flagsAt);
  const value: u32 = orderByte >= 0 ? <u32>load<u8>(at + orderByte) : secondFlags & 0xff;
  let type = flags & slabMask ? typeSlab : typeOf(load<i32>(at + mapcountAt));
  if (type == 0) {
    const huge =
      (hugetlbBy == 1 && <i32>load<u8>(at + hugetlbAt) == hugetlbValue) ||
      (hugetlbBy == 2 && ((secondFlags >>> hugetlbAt) & 1) != 0);
    if (huge) type = typeHugetlb;
  }
  const mayMap = type == 0 || type == typeHugetlb || load<u8>(mayBeMovable + type);
  const kind = mayMap ? kindOf(load<u64>(at + mappingAt), type) : 0;
  const cache = type && type == typeSlab ? cacheOf(at) : 0;
  lastFacts = packed(PLAIN, type, kind, NOT_FREE, value > MAX_ORDER ? UNKNOWN_ORDER : <i32>value, cache);
}

/** Code in MAPPING_KINDS by the low bits of `mapping` (include/linux/page-flags.h: PAGE_MAPPING_ANON, _KSM, _MOVABLE). */
@inline
function kindOf(mapping: u64, type: i32): i32 {
  const code = kindOfPlain(mapping, kindCodes());
  return type && load<u8>(mayBeMovable + type) && code != KIND_MOVABLE ? 0 : code;
}

/** The codes of the four values of the low bits, 4 bits each: file, anon, movable or none, ksm. */
@inline
function kindCodes(): u32 {
  return 4 | (1 << 4) | (movableByMapping ? KIND_MOVABLE << 8 : 0) | (2 << 12);
}

/** Without a branch, since neighbours differ; kernel pointers have all of their top 8 bits set, poison values have not. */
@inline
function kindOfPlain(mapping: u64, codes: u32): i32 {
  const code = (codes >> ((<u32>mapping & 3) << 2)) & 7;
  return <i32>(code & -(<u32>(mapping >> 56 == 0xff)));
}

/** Code of the slab cache whose page is at `at`. */
function cacheOf(at: usize): i32 {
  if (slabCacheAt < 0) return 0;
  const address = load<u64>(at + slabCacheAt);
  if (address == 0) return 0;
  let slot = (<u32>(address >> 6) * 0x9e3779b1) >>> 20;
  let entry = cacheTable + ((slot & (CACHE_SLOTS - 1)) << 4);
  for (let known = load<u64>(entry); known != 0; known = load<u64>(entry)) {
    if (known == address) return load<i32>(entry, 8);
    slot++;
    entry = cacheTable + ((slot & (CACHE_SLOTS - 1)) << 4);
  }
  const code = slabCache(<u32>address, <u32>(address >> 32));
  // half full is full: the rest is asked for each time
  if (cachesKnown < CACHE_SLOTS / 2) {
    cachesKnown++;
    store<u64>(entry, address);
    store<i32>(entry, code, 8);
  }
  return code;
}
