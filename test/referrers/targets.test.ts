import { describe, expect, test } from 'vitest';
import type { MemoryModel } from '../../src/memmap/memory-model.ts';
import type { Objects } from '../../src/objects/objects.ts';
import { pointersIn } from '../../src/referrers/pointers.ts';
import { Targets } from '../../src/referrers/targets.ts';

const MAP = 0xffff888000000000n;
const ARRAY = 0xffffea0000000000n;
const PAGES = 0x200000;

/** A machine of 8 GiB whose struct pages lie one behind the other. */
function targetsOf(pfns: readonly number[], map = MAP): Targets {
  const objects = {
    memory: { format: { pageSize: 4096, wordBytes: 8, littleEndian: true } },
    directMap: (pfn: number) => map + BigInt(pfn) * 4096n,
  } as unknown as Objects;
  const model = {
    pageSize: 64,
    present: [{ start: 0, end: PAGES }],
    stretches: ({ start, end }: { start: number; end: number }) => [
      { start, end, address: ARRAY + BigInt(start) * 64n },
    ],
  } as unknown as MemoryModel;
  return new Targets(objects, model, pfns);
}

function found(pfns: readonly number[], words: readonly bigint[], littleEndian = true, map = MAP): unknown[] {
  const bytes = Buffer.alloc(words.length * 8);
  for (const [i, word] of words.entries()) {
    if (littleEndian) bytes.writeBigUInt64LE(word, i * 8);
    else bytes.writeBigUInt64BE(word, i * 8);
  }
  const format = { littleEndian, wordBytes: 8, pageSize: 4096 } as const;
  return [...pointersIn(targetsOf(pfns, map), format, bytes, 0x1000)].map(({ place, pfn, holds, offset }) => [
    place,
    pfn,
    holds,
    offset,
  ]);
}

describe('words that name a page', () => {
  // one below and one above 4 GiB, whose addresses differ in their upper halves
  const [low, high] = [0x4321, 0x123456];
  const words = [
    0n,
    MAP + BigInt(low) * 4096n + 0x10n,
    MAP + BigInt(low + 1) * 4096n,
    MAP + BigInt(high) * 4096n,
    ARRAY + BigInt(low) * 64n,
    ARRAY + BigInt(high) * 64n + 8n,
    ARRAY + BigInt(high + 1) * 64n,
    BigInt(high) * 4096n,
    (1n << 63n) | (BigInt(high) * 4096n + 0x67n),
    MAP - 8n,
    ARRAY + BigInt(PAGES) * 64n,
  ];
  const expected = [
    [0x1008, low, 'address', 0x10],
    [0x1018, high, 'address', 0],
    [0x1020, low, 'struct page', 0],
    [0x1028, high, 'struct page', 8],
    [0x1038, high, 'physical address', 0],
    [0x1040, high, 'entry', 0x67],
  ];

  test('are told apart by what they name, in either byte order', () => {
    expect(found([low, high], words)).toEqual(expected);
    expect(found([low, high], words, false)).toEqual(expected);
  });

  test('are found where the map of all memory begins within 4 GiB', () => {
    const map = 0xffff8880c0000000n;
    expect(found([high], [map + BigInt(high) * 4096n + 1n], true, map)).toEqual([
      [0x1000, high, 'address', 1],
    ]);
  });

  test('of other pages are passed over', () => {
    expect(found([5], words)).toEqual([]);
  });
});
