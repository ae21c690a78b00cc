import { describe, expect, test } from 'vitest';
import { x86_64 } from '../../src/arch/x86_64.ts';
import { type Area, VM_HUGETLB } from '../../src/owners/areas.ts';
import { kindOfInvalid, swapEntry, USER_ENTRY_FORMATS } from '../../src/owners/swap-entries.ts';
import { UserTables } from '../../src/owners/user-tables.ts';
import type { PhysicalMemory } from '../../src/sources/image-format.ts';

const FORMAT = USER_ENTRY_FORMATS.find((f) => f.architecture === 'x86_64')!;
const MODE = x86_64.pagingModes[0]!;

/** Memory of 4 KiB tables, given as entries by index. */
function memoryOf(tables: Record<number, Record<number, bigint>>): PhysicalMemory {
  const bytes = (table: number): Uint8Array | undefined => {
    const entries = tables[table];
    if (!entries) return undefined;
    const words = new BigUint64Array(512);
    for (const [index, entry] of Object.entries(entries)) words[Number(index)] = entry;
    return new Uint8Array(words.buffer);
  };
  return {
    readInto(at: number, target: Uint8Array) {
      const table = bytes(at - (at % 4096));
      if (table) target.set(table.subarray(at % 4096, (at % 4096) + target.length));
      return table ? target.length : 0;
    },
  } as unknown as PhysicalMemory;
}

function area(start: number, end: number, flags = 0): Area {
  return { address: 0n, start, end, flags, file: 0n, firstPage: 0 };
}

/** What a walk tells, a line each. */
function walk(
  tables: Record<number, Record<number, bigint>>,
  areas: readonly Area[],
  limit = 1000,
): string[] {
  const found: string[] = [];
  const walker = new UserTables(
    memoryOf(tables),
    { architecture: x86_64, mode: MODE, root: 0, ignoredBits: 0n },
    FORMAT,
    limit,
  );
  walker.walk(0x1000, areas, {
    page: (of, address, pfn, count, bits) =>
      found.push(
        `${areas.indexOf(of)}: ${address.toString(16)} -> ${pfn} x ${count}${bits & 1 ? ' special' : ''}`,
      ),
    absent: (of, address, type, offset) =>
      found.push(`${areas.indexOf(of)}: ${address.toString(16)} absent ${type} ${offset}`),
    missing: (table) => found.push(`missing ${table.toString(16)}`),
  });
  return found;
}

const PRESENT = 0x7n;
const TREE = {
  4096: { 0: 0x2000n | PRESENT, 300: 0x2000n | PRESENT },
  8192: { 0: 0x3000n | PRESENT },
  12288: { 0: 0x4000n | PRESENT, 1: 0x40000000n | PRESENT | 0x80n, 2: 0x9000n | PRESENT },
};

describe('page tables of a process', () => {
  test('pages, the zero page, a large page over two areas, and a table that is lost', () => {
    const tables = {
      ...TREE,
      16384: { 0: 0x7000n | PRESENT, 1: 0x8000n | PRESENT | 0x200n, 3: 0xa000n | PRESENT },
    };
    expect(
      walk(tables, [
        area(0, 0x2000),
        area(0x200000, 0x300000),
        area(0x300000, 0x400000),
        area(0x400000, 0x401000),
      ]),
    ).toEqual([
      '0: 0 -> 7 x 1',
      '0: 1000 -> 8 x 1 special',
      '1: 200000 -> 262144 x 256',
      '2: 300000 -> 262400 x 256',
      'missing 9000',
    ]);
  });

  test('nothing outside of areas is told, nor is any table of it read', () => {
    expect(walk(TREE, [area(0x600000, 0x601000)])).toEqual([]);
    expect(walk(TREE, [])).toEqual([]);
  });

  test('a page that must not be touched, and a page in swap', () => {
    const hidden = (~0x7000n & 0x000ffffffffff000n) | 0x100n;
    const swapped = (1n << 59n) | ((~5n & ((1n << 50n) - 1n)) << 9n);
    const tables = { ...TREE, 16384: { 0: hidden, 1: swapped } };
    expect(walk(tables, [area(0, 0x2000, VM_HUGETLB)])).toEqual(['0: 0 -> 7 x 1', '0: 1000 absent 1 5']);
  });

  test('a tree that leads back to its root ends', () => {
    const loop = { 4096: Object.fromEntries(Array.from({ length: 256 }, (_, i) => [i, 0x1000n | PRESENT])) };
    expect(() => walk(loop, [area(0, 0x7fffffff0000)], 200)).toThrow(
      /page tables of a process.*it has no end/,
    );
  });
});

test('entries of the swap format are told as the kernel writes them', () => {
  // __swp_entry(3, 0x1234) of arch/x86/include/asm/pgtable_64.h: (~offset << 14 >> 5) | type << 59
  const entry = (BigInt.asUintN(64, ~0x1234n << 14n) >> 5n) | (3n << 59n);
  expect(kindOfInvalid(FORMAT, entry & ~0x1ffn, true)).toBe('swap');
  expect(swapEntry(FORMAT.swap[0], entry & ~0x1ffn, 12)).toEqual({ type: 3, offset: 0x1234n });
});
