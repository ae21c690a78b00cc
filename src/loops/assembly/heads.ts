import { cacheOf } from './caches';
import { packed } from './facts';
import {
  base,
  flagsAt,
  HEAD_SLOT_BYTES,
  headMask,
  HeadRead,
  HeadSlot,
  headTable,
  hugetlbAt,
  HugetlbBy,
  hugetlbBy,
  hugetlbValue,
  mapcountAt,
  mappingAt,
  mayBeMovable,
  Order,
  orderByte,
  outside,
  pfnOf,
  Place,
  raw,
  readHead,
  size,
  sizeLog,
  slabMask,
  Slots,
  states,
  tailMayBeMask,
  typeHugetlb,
  typeSlab,
} from './generated/abi';
import { kindOf } from './mapping';
import { typeOf } from './types';

/** log2 of Slots.heads. */
const HEAD_BITS: u32 = 13;

/** The folio that was described last, whose tails follow. */
export let lastHead: i64 = -1;
/** Its facts, for any place in it. */
export let lastFacts: u64 = 0;
let headsKnown: bool = false;

/** The end of the pages with the same compound word that have the same head. */
export let tailEnd: i64 = 0;

/** Pfn of the head that a tail's compound word names; the page's own pfn if it names none. */
export function headOf(pfn: i64, link: u64): i64 {
  tailEnd = i64.MAX_VALUE;
  // a mask is all ones above some bit; a pointer into the array never is, since the array lies below
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
      // a division would cost more than everything else
      if (sizeLog >= 0) {
        if ((bytes & <u64>(size - 1)) == 0) owner = <i64>(bytes >> <u64>sizeLog);
      } else if (bytes % <u64>size == 0) owner = <i64>(bytes / <u64>size);
    }
  } else owner = <i64>pfnOf(<u32>link & ~1, <u32>(link >> 32));
  return owner >= 0 && owner < <i64>1 << 40 ? owner : pfn;
}

/** Sets `lastFacts` to those of the folio whose head is `owner`; `first` and `count` describe the batch. */
export function describeHead(owner: i64, first: i64, count: i32): void {
  lastHead = owner;
  const index = owner - first;
  // the page after the head has the order, so it must be in the batch, too
  if (index < 0 || index + 1 >= count) {
    lastFacts = outsideHead(owner).facts;
    return;
  }
  const at = states + <usize>index;
  if (load<u8>(at) == 0 && load<u8>(at, 1) == 0) describe(raw + <usize>index * size);
  else unknown();
}

/** A head outside the batch, requested once while memory does not change. */
export function outsideHead(owner: i64): HeadSlot {
  const slot = (<u32>owner * 0x9e3779b1) >>> (32 - HEAD_BITS);
  const entry = changetype<HeadSlot>(headTable + slot * HEAD_SLOT_BYTES);
  if (entry.key == owner + 1) return entry;
  headsKnown = true;
  const found = readHead(<f64>owner);
  const before = lastFacts;
  if (found == HeadRead.good) describe(outside);
  else unknown();
  entry.key = owner + 1;
  entry.found = found;
  entry.isHead = found == HeadRead.good && isHead(outside) ? 1 : 0;
  entry.facts = lastFacts;
  lastFacts = before;
  return entry;
}

/** Forgets the heads outside the batch, since memory may have changed. */
export function forgetHeads(): void {
  if (headsKnown) memory.fill(headTable, 0, Slots.heads * HEAD_SLOT_BYTES);
  headsKnown = false;
}

/** Forgets the folio that was described last: the same pfn may be another page in the next batch. */
@inline
export function forgetLast(): void {
  lastHead = -1;
}

@inline
export function isHead(at: usize): bool {
  return headMask == 0 || (load<u32>(at + flagsAt) & headMask) != 0;
}

function unknown(): void {
  lastFacts = packed(Place.plain, 0, 0, Order.notFree, Order.unknown, 0);
}

/** The facts of the folio whose head is at `at`. */
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
