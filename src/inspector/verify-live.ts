import { UsageError } from '../core/errors.ts';
import type { Range } from '../core/ranges.ts';
import type { Decoder } from '../decode/decode.ts';
import { BATCH_PAGES } from '../memmap/batches.ts';
import { PAGE_STATES } from '../memmap/page-reader.ts';
import { type KpageFiles, openKpageFiles } from '../native/kpage-files.ts';
import { noCounts, type PageCounts } from '../scan/scan.ts';
import type { Column } from '../table/column.ts';
import { type DifferingGroup, DifferingGroups } from '../views/verify.ts';
import type { Inspector } from './inspector.ts';

/** The result of a comparison with a running kernel. */
export interface LiveVerification {
  /** Pages compared, by flags and counts. */
  readonly pages: number;
  /** Pages for which the kernel gave the same answer just before or just after our reading. */
  readonly equal: number;
  /** Pages that differed at first but not when re-read: they had changed in between. */
  readonly raced: number;
  /** Pages that differed at every reading but never twice in the same way, or for which the kernel gave two answers. */
  readonly changing: number;
  /**
   * Pages that kept differing in the same way while the kernel's answer stayed the same: an error in structpage, or an
   * unknown rule.
   */
  readonly different: number;
  readonly raceGroups: readonly DifferingGroup[];
  readonly changingGroups: readonly DifferingGroup[];
  readonly differentGroups: readonly DifferingGroup[];
}

/** Maximum number of readings of a block. */
const READINGS = 5;
/** Number of consecutive readings with the same difference that rule out a race. */
const STRIKES = 3;

/** Both answers for a block. */
interface Readings {
  readonly before: Words;
  readonly after: Words;
  readonly flags: Extract<Column, { kind: 'word' }>;
  readonly counts: Extract<Column, { kind: 'number' }>;
  /** 0 for readable pages. */
  readonly states: Uint8Array;
}

interface Words {
  readonly flags: BigUint64Array;
  readonly counts: BigUint64Array;
  readonly flagHalves: Uint32Array;
  readonly countHalves: Uint32Array;
}

/**
 * Compares the decoded pages with /proc/kpageflags and /proc/kpagecount of the running kernel, page by page and by the
 * rules of that kernel. Re-reads a block with differences, which distinguishes races from errors. Throws UnsupportedError
 * if the files cannot be read, UsageError for the memory of another machine.
 */
export function verifyLive(
  inspector: Inspector,
  correct = false,
  counts: PageCounts = noCounts(),
  files: KpageFiles = openKpageFiles(),
): LiveVerification {
  if (!inspector.image.isThisMachine) {
    files.close();
    throw new UsageError('memory of another machine cannot be compared with the running kernel');
  }
  const total = { pages: 0, equal: 0, raced: 0, changing: 0, different: 0 };
  const groups = {
    raced: new DifferingGroups(),
    changing: new DifferingGroups(),
    different: new DifferingGroups(),
  };
  const { decoder } = inspector.scan({ columns: ['kpageflags', 'kpagecount'], correct });
  const [before, after] = [emptyWords(), emptyWords()];
  const read = (block: Range): Readings => {
    files.read(block.start, before.flags, before.counts);
    decoder.read(block.start, block.end - block.start);
    const states = decoder.states.slice();
    const now = { before, after, states, ...ourWords(decoder) };
    files.read(block.start, after.flags, after.counts);
    return now;
  };
  try {
    for (const block of blocks(inspector.ranges(undefined))) {
      const now = read(block);
      const doubtful: Doubt[] = [];
      for (let i = 0; i < block.end - block.start; i++) {
        counts[PAGE_STATES[now.states[i]!]!]++;
        if (now.states[i] !== 0) continue;
        total.pages++;
        if (agrees(now, i)) total.equal++;
        else doubtful.push(doubtOf(now, i, block.start + i));
      }
      for (const doubt of settle(() => read(block), doubtful)) {
        total[doubt.verdict]++;
        groups[doubt.verdict].add(doubt.pfn, doubt.first.ours, doubt.first.theirs);
      }
    }
  } finally {
    files.close();
  }
  return {
    ...total,
    raceGroups: groups.raced.list(),
    changingGroups: groups.changing.list(),
    differentGroups: groups.different.list(),
  };
}

interface Said {
  readonly flags: bigint;
  readonly count: bigint;
}

/** A page for which our answer and the kernel's differ. */
interface Doubt {
  readonly index: number;
  readonly pfn: number;
  readonly first: { readonly ours: Said; readonly theirs: Said };
  /** Both answers at the previous reading. */
  last: string;
  strikes: number;
  verdict: 'raced' | 'changing' | 'different';
}

/** Re-reads the block until the doubtful pages agree, or it is clear that they will not. */
function settle(read: () => Readings, doubtful: readonly Doubt[]): readonly Doubt[] {
  let open = doubtful;
  for (let reading = 1; reading < READINGS && open.length > 0; reading++) {
    const now = read();
    open = open.filter((doubt) => {
      if (now.states[doubt.index] !== 0) return true;
      if (agrees(now, doubt.index)) {
        doubt.verdict = 'raced';
        return false;
      }
      const next = doubtOf(now, doubt.index, doubt.pfn);
      doubt.strikes = next.strikes > 0 && next.last === doubt.last ? doubt.strikes + 1 : next.strikes;
      doubt.last = next.last;
      return true;
    });
  }
  for (const doubt of open) doubt.verdict = doubt.strikes >= STRIKES ? 'different' : 'changing';
  return doubtful;
}

function doubtOf(now: Readings, index: number, pfn: number): Doubt {
  const ours = {
    flags: (BigInt(now.flags.high[index]!) << 32n) | BigInt(now.flags.low[index]!),
    count: BigInt(now.counts.values[index]!),
  };
  const theirs = { flags: now.after.flags[index]!, count: now.after.counts[index]! };
  const settled = now.before.flags[index] === theirs.flags && now.before.counts[index] === theirs.count;
  const last = `${ours.flags} ${ours.count} ${theirs.flags} ${theirs.count}`;
  return { index, pfn, first: { ours, theirs }, last, strikes: settled ? 1 : 0, verdict: 'changing' };
}

/** Whether the kernel gave our answer for a page, before our reading or after it. */
function agrees(now: Readings, i: number): boolean {
  return same(now, now.after, i) || same(now, now.before, i);
}

function same(now: Readings, { flagHalves, countHalves }: Words, i: number): boolean {
  return (
    flagHalves[2 * i] === now.flags.low[i] &&
    flagHalves[2 * i + 1] === now.flags.high[i] &&
    countHalves[2 * i] === now.counts.values[i] &&
    countHalves[2 * i + 1] === 0
  );
}

/** The two columns of the batch in the decoder. */
function ourWords(decoder: Decoder): Pick<Readings, 'flags' | 'counts'> {
  return {
    flags: decoder.column('kpageflags') as Readings['flags'],
    counts: decoder.column('kpagecount') as Readings['counts'],
  };
}

/** Blocks of pages that cover the ranges, each at a multiple of its size, so that no free block crosses their edges. */
function* blocks(present: readonly Range[]): Generator<Range> {
  let done = 0;
  for (const range of present) {
    for (let at = Math.max(done, range.start); at < range.end; at = done) {
      const start = Math.floor(at / BATCH_PAGES) * BATCH_PAGES;
      done = start + BATCH_PAGES;
      yield { start, end: done };
    }
  }
}

function emptyWords(): Words {
  const flags = new BigUint64Array(BATCH_PAGES);
  const counts = new BigUint64Array(BATCH_PAGES);
  return {
    flags,
    counts,
    flagHalves: new Uint32Array(flags.buffer),
    countHalves: new Uint32Array(counts.buffer),
  };
}
