import { headOf, tailEnd } from './folio';
import { compoundAt, flagsAt, headMask, HeadRead, outside, raw, readHead, size, State, states } from './generated/abi';

/**
 * Marks the pages of the batch that cannot be what they say: struct pages of zeros, which no kernel leaves in memory that it
 * uses, and tails whose head is no head. Returns how many. What an unreadable head would say is not known, and denies nothing.
 */
export function doubt(start: f64, count: i32): i32 {
  const first = <i64>start;
  const stride = <usize>size;
  let marked = 0;
  /** Tails with this word have a head, up to this pfn. */
  let good: u64 = 0;
  let goodEnd: i64 = 0;
  for (let i = 0; i < count; i++) {
    const at = raw + <usize>i * stride;
    const link = load<u64>(at + compoundAt);
    if (link & 1) {
      const pfn = first + i;
      if ((link == good && pfn < goodEnd) || load<u8>(states + i) != 0) continue;
      if (hasHead(pfn, link, first, count)) {
        good = link;
        goodEnd = tailEnd;
        continue;
      }
    } else if (load<u64>(at + flagsAt) != 0 || !isZero(at) || load<u8>(states + i) != 0) continue;
    store<u8>(states + i, State.doubtful);
    marked++;
  }
  return marked;
}

function isZero(at: usize): bool {
  for (let end = at + <usize>size; at < end; at += 8) if (load<u64>(at) != 0) return false;
  return true;
}

function hasHead(pfn: i64, link: u64, first: i64, count: i32): bool {
  const owner = headOf(pfn, link);
  if (owner >= pfn) return false;
  const index = owner - first;
  if (index >= 0 && index < <i64>count) {
    if (load<u8>(states + <usize>index) != 0) return true;
    return isHead(raw + <usize>index * <usize>size);
  }
  const found = readHead(<f64>owner);
  return found == HeadRead.good ? isHead(outside) : found != HeadRead.absent;
}

@inline
function isHead(at: usize): bool {
  return headMask == 0 || (load<u32>(at + flagsAt) & headMask) != 0;
}
