import { UsageError } from '../core/errors.ts';
import type { Range } from '../core/ranges.ts';

/** A part of the pageblocks: one of `of` on average. */
export interface Sample {
  readonly of: number;
  /** As `hosts` has it, e.g. 1/64. */
  readonly text: string;
}

/** All pageblocks. */
export const WHOLE: Sample = { of: 1, text: '1/1' };

/** Largest divisor of a sample. */
const MOST = 1 << 20;

/** Parses e.g. `1/64`. Throws UsageError for anything else. */
export function parseSample(text: string): Sample {
  const of = Number(/^1\/(\d{1,7})$/.exec(text)?.[1]);
  if (!(of >= 1 && of <= MOST)) {
    throw new UsageError(`'${text}' is not a sample: write 1/N, N from 1 to ${MOST}, e.g. 1/64`);
  }
  return { of, text: `1/${of}` };
}

/** The finalizer of MurmurHash3 (32 bits): each bit of the number changes each bit of the hash with a chance of one half. */
function mixed(number: number): number {
  let hash = number | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Whether a pageblock belongs to a sample, by its number (pfn / pages of a pageblock). The same blocks belong to it on every host and at every time. */
export function isSampled(block: number, { of }: Sample): boolean {
  return mixed(block) % of === 0;
}

/** The pages of ranges that lie in sampled pageblocks of 2^order pages. */
export function sampledRanges(ranges: readonly Range[], order: number, sample: Sample): Range[] {
  if (sample.of === 1) return [...ranges];
  const pages = 2 ** order;
  const out: { start: number; end: number }[] = [];
  for (const { start, end } of ranges) {
    for (let block = Math.floor(start / pages); block * pages < end; block++) {
      if (!isSampled(block, sample)) continue;
      const part = { start: Math.max(start, block * pages), end: Math.min(end, (block + 1) * pages) };
      const last = out.at(-1);
      if (last?.end === part.start) last.end = part.end;
      else out.push(part);
    }
  }
  return out;
}
