import type { Rows } from '../decode/decode.ts';
import { KPF } from '../decode/kpageflags.ts';

/** The kernel's own record of its pages: an unsigned 64-bit word per pfn, as in the files of /proc. */
export interface KpageRecord {
  readonly flags?: BigUint64Array;
  readonly counts?: BigUint64Array;
}

/** Pages that differ in the same bits. */
export interface DifferingGroup {
  /** `+name` for a bit that only structpage has, `-name` for one that only the kernel has; `count` for a count. */
  readonly bits: string;
  pages: number;
  /** The first of these pages. */
  readonly examples: { readonly pfn: number; readonly ours: bigint; readonly theirs: bigint }[];
}

/** The result of a comparison. */
export interface KpageComparison {
  /** Pages in both. */
  pages: number;
  /** Pages beyond the end of the kernel's record. */
  beyond: number;
  flagsEqual: number;
  countsEqual: number;
  /** Most frequent first. */
  readonly groups: DifferingGroup[];
}

const EXAMPLES = 3;
const NAMES = new Map<number, string>(Object.entries(KPF).map(([name, bit]) => [bit, name]));

/** Groups pages that differ by the bits that differ. */
export class DifferingGroups {
  readonly #groups = new Map<string, DifferingGroup>();

  /** Adds a page by the difference of its flags, or as `count` if its flags are equal. */
  add(
    pfn: number,
    ours: { readonly flags: bigint; readonly count: bigint },
    theirs: { readonly flags: bigint; readonly count: bigint },
  ): void {
    if (ours.flags !== theirs.flags)
      this.word(bitsText(ours.flags, theirs.flags), pfn, ours.flags, theirs.flags);
    else this.word('count', pfn, ours.count, theirs.count);
  }

  /** Adds a page by `bits`. */
  word(bits: string, pfn: number, ours: bigint, theirs: bigint): void {
    const group = this.#groups.get(bits) ?? { bits, pages: 0, examples: [] };
    this.#groups.set(bits, group);
    group.pages++;
    if (group.examples.length < EXAMPLES) group.examples.push({ pfn, ours, theirs });
  }

  /** Most frequent first. */
  list(): DifferingGroup[] {
    return [...this.#groups.values()].sort((a, b) => b.pages - a.pages);
  }
}

/** Compares the columns kpageflags and kpagecount with the kernel's record. Pfns beyond the record are not compared. */
export function compareKpage(
  rows: Iterable<Rows<'kpageflags' | 'kpagecount'>>,
  record: KpageRecord,
): KpageComparison {
  const groups = new DifferingGroups();
  const result = { pages: 0, beyond: 0, flagsEqual: 0, countsEqual: 0 };
  const most = Math.min(record.flags?.length ?? Infinity, record.counts?.length ?? Infinity);
  for (const { batch, rows: pages } of rows) {
    const flags = batch.columns.get('kpageflags');
    const counts = batch.columns.get('kpagecount');
    for (const i of pages) {
      const pfn = batch.start + i;
      if (pfn >= most) {
        result.beyond++;
        continue;
      }
      result.pages++;
      if (record.flags) {
        const ours = (BigInt(flags.high[i]!) << 32n) | BigInt(flags.low[i]!);
        const theirs = record.flags[pfn]!;
        if (ours === theirs) result.flagsEqual++;
        else groups.word(bitsText(ours, theirs), pfn, ours, theirs);
      }
      if (record.counts) {
        const ours = BigInt(counts.values[i]!);
        const theirs = record.counts[pfn]!;
        if (ours === theirs) result.countsEqual++;
        else groups.word('count', pfn, ours, theirs);
      }
    }
  }
  return { ...result, groups: groups.list() };
}

function bitsText(ours: bigint, theirs: bigint): string {
  const parts: string[] = [];
  for (let bit = 0; bit < 64; bit++) {
    const mask = 1n << BigInt(bit);
    if (((ours ^ theirs) & mask) === 0n) continue;
    parts.push(`${ours & mask ? '+' : '-'}${NAMES.get(bit) ?? `bit ${bit}`}`);
  }
  return parts.join(' ');
}
