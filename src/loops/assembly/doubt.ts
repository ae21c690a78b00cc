import { compoundAt, flagsAt, HeadRead, raw, size, State, states } from './generated/abi';
import { headOf, isHead, outsideHead, tailEnd } from './heads';

let flagsSeen: u64 = 0;

/** For each bit of `mask`, whether `doubt` has seen it in some flags word of the batch; if not, no page has all of them. */
export function mayHaveFlags(mask: u64): bool {
  return (flagsSeen & mask) == mask;
}

/**
 * Marks pages of the batch that cannot be true: struct pages of zeros, which no kernel leaves in memory that it uses, and
 * tails whose head is not a head. Returns their number. An unreadable head contradicts nothing.
 */
export function doubt(start: f64, count: i32): i32 {
  const first = <i64>start;
  const stride = <usize>size;
  let marked = 0;
  /** Tails with this word have a head, up to this pfn. */
  let good: u64 = 0;
  let goodEnd: i64 = 0;
  let seen: u64 = 0;
  // copied to locals: settings are in memory, and stores might change them
  const stride2: usize = 2 * stride;
  const stride3: usize = 3 * stride;
  const first4 = raw + flagsAt;
  const toLink = compoundAt - flagsAt;
  const last4 = count - 4;
  for (let i = 0; i < count; i++) {
    const at = raw + <usize>i * stride;
    if (i <= last4) {
      // most pages are not tails and have some bit set: check four at a time
      let word = first4 + <usize>i * stride;
      do {
        const a = load<u64>(word);
        const b = load<u64>(word + stride);
        const c = load<u64>(word + stride2);
        const d = load<u64>(word + stride3);
        const link = word + toLink;
        const links =
          load<u64>(link) | load<u64>(link + stride) | load<u64>(link + stride2) | load<u64>(link + stride3);
        if (links & 1 || a == 0 || b == 0 || c == 0 || d == 0) break;
        seen |= a | b | c | d;
        i += 4;
        word += 4 * stride;
      } while (i <= last4);
      if (word != first4 + (at - raw)) {
        i--;
        continue;
      }
    }
    const link = load<u64>(at + compoundAt);
    const flags = load<u64>(at + flagsAt);
    seen |= flags;
    if (link & 1) {
      const pfn = first + i;
      if (link == good && pfn < goodEnd) {
        // the tails after it need no check of their own
        const until = <i32>min<i64>(goodEnd - first, count) - 1;
        for (let next = at + stride; i < until && load<u64>(next + compoundAt) == good; i++, next += stride) {
          seen |= load<u64>(next + flagsAt);
        }
        continue;
      }
      if (load<u8>(states + i) != 0) continue;
      if (hasHead(pfn, link, first, count)) {
        good = link;
        goodEnd = tailEnd;
        continue;
      }
    } else if (flags != 0 || !isZero(at) || load<u8>(states + i) != 0) continue;
    store<u8>(states + i, State.doubtful);
    marked++;
  }
  flagsSeen = seen;
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
  const outside = outsideHead(owner);
  return outside.found == HeadRead.good ? outside.isHead != 0 : outside.found != HeadRead.absent;
}
