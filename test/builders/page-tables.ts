import type { AddressBits, Architecture, PagingLevel } from '../../src/arch/architecture.ts';
import { x86_64 } from '../../src/arch/x86_64.ts';
import { bytesSource } from '../../src/core/bytes.ts';
import { piecesMemory } from '../../src/sources/pieces.ts';
import { PageWalker } from '../../src/translate/page-walk.ts';

const UNITS: Record<string, number> = { K: 10, M: 20, G: 30, T: 40 };
const ROOT = 0x10000;
const MEMORY = 0x400000;

/** Page tables in memory of their own. */
export interface BuiltTables {
  readonly walker: PageWalker;
  readonly memory: DataView;
}

/**
 * Page tables of x86-64 from text, a mapping a line: `0xffffffff81000000 -> 0x1000000 2M`. Tables are laid out from physical
 * 0x10000 on, the root first.
 */
export function pageTables(mode: '4-level' | '5-level', text: string, ignoredBits = 0n): BuiltTables {
  return tablesOf(x86_64, mode, text, ignoredBits);
}

/** As `pageTables`, for any architecture, by its own formats. */
export function tablesOf(
  architecture: Architecture,
  modeName: string,
  text: string,
  ignoredBits = 0n,
): BuiltTables {
  const mode = architecture.pagingModes.find((m) => m.name === modeName);
  if (!mode) throw new Error(`${architecture.name} has no mode ${modeName}`);
  const bytes = new Uint8Array(MEMORY);
  const memory = new DataView(bytes.buffer);
  const little = mode.littleEndianEntries;
  const get = (at: number, size: 4 | 8): bigint =>
    size === 8 ? memory.getBigUint64(at, little) : BigInt(memory.getUint32(at, little));
  const put = (at: number, size: 4 | 8, value: bigint): void => {
    if (size === 8) memory.setBigUint64(at, value, little);
    else memory.setUint32(at, Number(value), little);
  };
  /** Entries are invalid until they are written: all zero is, but on s390x. */
  const clear = (table: number, level: PagingLevel): void => {
    for (let i = 0; i < 2 ** level.bits; i++) {
      put(table + i * level.entryBytes, level.entryBytes, architecture.name === 's390x' ? INVALID : 0n);
    }
  };
  const sizeOf = (level: PagingLevel): number => level.entryBytes * 2 ** level.bits;
  const [top] = mode.levels;
  if (top) clear(ROOT, top);
  let free = ROOT + (top ? Math.max(0x1000, sizeOf(top)) : 0);
  for (const line of text.split('\n')) {
    const match = /(0x[0-9a-f]+) -> (0x[0-9a-f]+) (\d+)([KMGT])/.exec(line);
    if (!match) continue;
    const address = BigInt(match[1]!);
    const shift = Math.log2(Number(match[3])) + UNITS[match[4]!]!;
    let table = ROOT;
    for (const [depth, level] of mode.levels.entries()) {
      const index = Number((address >> BigInt(level.shift)) & ((1n << BigInt(level.bits)) - 1n));
      const at = table + index * level.entryBytes;
      const leaf = level.leaves.find((l) => l.shift === shift);
      if (leaf) {
        // an entry for more than its level's page is repeated
        const times = 2 ** Math.max(0, shift - level.shift);
        for (let i = 0; i < times; i++) {
          const entry = leaf.when.is | encode(BigInt(match[2]!), leaf.frame) | ignoredBits;
          put(at + i * level.entryBytes, level.entryBytes, entry);
        }
        break;
      }
      const format = level.table!;
      let entry = get(at, level.entryBytes);
      if ((entry & format.when.mask) !== format.when.is || entry === 0n) {
        const next = mode.levels[depth + 1]!;
        free = Math.ceil(free / sizeOf(next)) * sizeOf(next);
        clear(free, next);
        const { extent } = format;
        const last = extent ? BigInt(2 ** next.bits / extent.entries - 1) : 0n;
        entry =
          format.when.is |
          encode(BigInt(free), format.at) |
          (extent ? encode(last, [extent.last]) : 0n) |
          ignoredBits;
        put(at, level.entryBytes, entry);
        free += sizeOf(next);
      }
      table = Number(decode(entry & ~ignoredBits, format.at));
    }
  }
  const physical = piecesMemory(bytesSource(bytes), [{ start: 0, end: bytes.length, offset: 0 }]);
  const walker = new PageWalker(physical, { architecture, mode, root: ROOT, ignoredBits });
  return { walker, memory };
}

/** The invalid bits of region, segment and page tables (s390x). */
const INVALID = 0x420n;

function encode(address: bigint, parts: readonly AddressBits[]): bigint {
  return parts.reduce((entry, { mask, shift = 0 }) => entry | (moved(address, -shift) & mask), 0n);
}

function decode(entry: bigint, parts: readonly AddressBits[]): bigint {
  return parts.reduce((address, { mask, shift = 0 }) => address | moved(entry & mask, shift), 0n);
}

function moved(value: bigint, shift: number): bigint {
  return shift >= 0 ? value << BigInt(shift) : value >> BigInt(-shift);
}
