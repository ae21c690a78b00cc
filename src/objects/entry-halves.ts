import type { AddressBits, EntryTest } from '../arch/architecture.ts';
import type { PhysAddr } from '../core/address.ts';
import type { PhysicalMemory } from '../sources/image-format.ts';
import type { PageTables } from '../translate/page-walk.ts';

/** A test of an entry in two halves. */
interface HalvesTest {
  readonly maskLow: number;
  readonly maskHigh: number;
  readonly low: number;
  readonly high: number;
}

/** A number in an entry in two halves. */
type NumberIn = (low: number, high: number) => number;

/** A level of page tables for walks of whole trees. Everything works on the two halves of entries, without bigints. */
export interface FastLevel {
  readonly name: string;
  readonly shift: number;
  readonly entryBytes: 4 | 8;
  readonly littleEndian: boolean;
  readonly next?: {
    readonly when: HalvesTest;
    readonly at: NumberIn;
    readonly extent?: { readonly first: NumberIn; readonly last: NumberIn; readonly entries: number };
  };
  readonly leaves: readonly { readonly when: HalvesTest; readonly shift: number; readonly frame: NumberIn }[];
}

/** The levels of page tables, root first. */
export function fastLevels({ mode, ignoredBits }: PageTables): FastLevel[] {
  const numberIn = (parts: readonly AddressBits[]): NumberIn => numberBy(parts, ~ignoredBits);
  return mode.levels.map(({ name, shift, entryBytes, table, leaves }) => ({
    name,
    shift,
    entryBytes,
    littleEndian: mode.littleEndianEntries,
    ...(table
      ? {
          next: {
            when: halves(table.when),
            at: numberIn(table.at),
            ...(table.extent
              ? {
                  extent: {
                    first: numberIn([table.extent.first]),
                    last: numberIn([table.extent.last]),
                    entries: table.extent.entries,
                  },
                }
              : {}),
          },
        }
      : {}),
    leaves: leaves.map((leaf) => ({
      when: halves(leaf.when),
      shift: leaf.shift,
      frame: numberIn(leaf.frame),
    })),
  }));
}

/**
 * Reads the entries [from, to) of a table as pairs of words, low first, to their indices in `words`. False if one is
 * missing.
 */
export function readEntries(
  memory: PhysicalMemory,
  table: PhysAddr,
  { entryBytes, littleEndian }: { readonly entryBytes: 4 | 8; readonly littleEndian: boolean },
  from: number,
  to: number,
  words: Uint32Array,
): boolean {
  const bytes = Buffer.from(words.buffer, from * entryBytes, Math.max(0, to - from) * entryBytes);
  if (memory.readInto(table + from * entryBytes, bytes) < bytes.length) return false;
  if (!littleEndian) {
    if (entryBytes === 8) bytes.swap64();
    else bytes.swap32();
  }
  if (entryBytes === 4) {
    for (let i = to - 1; i >= from; i--) {
      words[2 * i] = words[i]!;
      words[2 * i + 1] = 0;
    }
  }
  return true;
}

/** Whether an entry passes a test. */
export function holds(test: HalvesTest, low: number, high: number): boolean {
  return ((low & test.maskLow) | 0) === test.low && ((high & test.maskHigh) | 0) === test.high;
}

function halves({ mask, is }: EntryTest): HalvesTest {
  return { maskLow: lowOf(mask), maskHigh: highOf(mask), low: lowOf(is), high: highOf(is) };
}

function numberBy(parts: readonly AddressBits[], keep: bigint): NumberIn {
  const all = parts.map(({ mask, shift = 0 }) => ({
    low: lowOf(mask & keep),
    high: highOf(mask & keep),
    factor: 2 ** shift,
  }));
  const [only] = all;
  if (only && all.length === 1 && only.factor === 1) {
    return (low, high) => ((low & only.low) >>> 0) + ((high & only.high) >>> 0) * 4294967296;
  }
  return (low, high) =>
    all.reduce(
      (sum, part) => sum + (((low & part.low) >>> 0) + ((high & part.high) >>> 0) * 4294967296) * part.factor,
      0,
    );
}

function lowOf(mask: bigint): number {
  return Number(BigInt.asIntN(32, mask));
}

function highOf(mask: bigint): number {
  return Number(BigInt.asIntN(32, mask >> 32n));
}
