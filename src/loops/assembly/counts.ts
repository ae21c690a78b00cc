import { kindOf, placeOf, typeOf } from './facts';
import { headOf } from './heads';
import {
  compoundAt,
  doubleMapMask,
  entireAt,
  facts,
  filesCountAlone,
  flagsAt,
  headMask,
  HeadRead,
  largeAt,
  mapcountAt,
  mappingAt,
  MappingKind,
  noCount,
  nrMappedAt,
  outside,
  Place,
  raw,
  readHead,
  size,
  states,
  typeHugetlb,
} from './generated/abi';
import { isTyped } from './types';

/** What the last folio adds to the count of each of its pages, and whether its counts are known. */
let entire: i32 = 0;
let isDouble: bool = false;
let isAnon: bool = false;
let isKnown: bool = false;
let keepsParts: bool = false;

/**
 * The map count of each page of the batch, less one, after the folio pass. Without a map count it is `noCount`, or the word
 * itself if it is a page type. Follows folio_precise_page_mapcount() and its predecessors (mm/internal.h,
 * fs/proc/internal.h).
 */
export function mapcounts(start: f64, count: i32, to: usize): void {
  const first = <i64>start;
  let last: i64 = -1;
  for (let i = 0, at = raw; i < count; i++, at += size, to += 4) {
    const word = load<i32>(at + mapcountAt);
    const about = load<u64>(facts + (<usize>i << 3));
    const place = placeOf(about);
    const isSmall = place == Place.plain && (load<u32>(at + flagsAt) & headMask) == 0;
    if (isSmall || load<u8>(states + i)) {
      // zsmalloc stored an offset in it until 6.12; movable kernel pages never have a map count
      store<i32>(to, word >= 0 && kindOf(about) == MappingKind.movable ? noCount : word);
      continue;
    }
    const pfn = first + i;
    let owner = pfn;
    if (place == Place.fakeHead) owner = headOf(pfn + 1, load<u64>(at + size + compoundAt));
    else if (place != Place.plain) owner = headOf(pfn, load<u64>(at + compoundAt));
    if (owner != last) {
      describe(owner, first, count);
      last = owner;
    }
    store<i32>(to, countOf(word, typeOf(about)));
  }
}

/** The count of a page in the folio that was described last. */
@inline
function countOf(word: i32, type: i32): i32 {
  if (!isKnown) return noCount;
  // hugetlb pages are mapped as a whole; the head's word may be their type, and tails may be shared
  if (type && type == typeHugetlb) return entire - 1;
  if (isTyped(word)) return word;
  if (filesCountAlone && !isAnon) return word;
  if (!keepsParts) return noCount;
  return word + entire - <i32>isDouble;
}

function describe(owner: i64, first: i64, count: i32): void {
  const index = owner - first;
  let at = outside;
  if (index >= 0 && index + 1 < count) {
    const state = states + <usize>index;
    isKnown = load<u8>(state) == 0 && load<u8>(state, 1) == 0;
    at = raw + <usize>index * size;
  } else isKnown = readHead(<f64>owner) == HeadRead.good;
  if (!isKnown) return;
  entire = entireAt < 0 ? 0 : load<i32>(at + entireAt) + 1;
  isDouble = (load<u32>(at + size + flagsAt) & doubleMapMask) != 0;
  isAnon = (load<u32>(at + mappingAt) & 1) != 0;
  // a kernel without counts of single pages (CONFIG_NO_PAGE_MAPCOUNT) counts no partial mappings
  keepsParts =
    largeAt < 0 || nrMappedAt < 0 || load<i32>(at + nrMappedAt) != 0 || load<i32>(at + largeAt) + 1 <= entire;
}
