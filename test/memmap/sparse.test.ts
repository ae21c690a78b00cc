import { describe, expect, test } from 'vitest';
import { LayoutError } from '../../src/core/errors.ts';
import { sparseModel } from '../../src/memmap/sparse.ts';

const section = (number: number, base: bigint) => ({
  number,
  base,
  pfns: [{ start: number * 32768, end: (number + 1) * 32768 }],
  online: [],
});
const sections = (list: ReturnType<typeof section>[]) => ({
  list,
  sectionSizeBits: 27,
  maxPhysicalBits: 46,
  from: 'test',
  lost: [],
});

describe('vmemmap', () => {
  const base = 0xffffea0000000000n;
  const model = sparseModel(sections([section(0, base), section(2, base)]), 64, 12, true);

  test('addresses and pfns are each other, also within a struct page', () => {
    expect(model.addressOf(65540)).toBe(base + 65540n * 64n);
    expect(model.pfnOf(base + 65540n * 64n + 8n)).toBe(65540);
    expect(model.pfnOf(base - 64n)).toBeUndefined();
  });

  test('a section that is not there interrupts the stretches', () => {
    expect(model.stretches({ start: 32000, end: 70000 })).toEqual([
      { start: 32000, end: 32768, address: base + 32000n * 64n },
      { start: 65536, end: 70000, address: base + 65536n * 64n },
    ]);
  });
});

test('without vmemmap each section has an array of its own', () => {
  const arrays = [0xffff888001000000n, 0xffff888009000000n];
  // what the kernel stores is the array minus where pfn 0 would be
  const model = sparseModel(
    sections([section(0, arrays[0]!), section(1, BigInt.asUintN(64, arrays[1]! - 32768n * 64n))]),
    64,
    12,
    false,
  );
  expect(model.addressOf(5)).toBe(arrays[0]! + 5n * 64n);
  expect(model.addressOf(32768 + 5)).toBe(arrays[1]! + 5n * 64n);
  expect(model.pfnOf(arrays[1]! + 5n * 64n)).toBe(32768 + 5);
  expect(model.addressOf(70000)).toBeUndefined();
  expect(model.stretches({ start: 32760, end: 32770 }).map((s) => [s.start, s.end, s.address])).toEqual([
    [32760, 32768, arrays[0]! + 32760n * 64n],
    [32768, 32770, arrays[1]!],
  ]);
});

test('no section at all is a LayoutError', () => {
  expect(() => sparseModel(sections([]), 64, 12, true)).toThrow(LayoutError);
});

describe('FLATMEM', () => {
  // memory from 1 GiB on, as on Arm: the struct page of pfn 0 would be far in front of the array
  const array = 0x80000000n;
  const first = 0x40000;
  const pfns = [
    { start: first, end: first + 1000 },
    { start: first + 2000, end: first + 3000 },
  ];
  const base = array - BigInt(first) * 40000n;
  const flat = { ...sections([{ number: 0, base, pfns, online: [] }]), isFlat: true as const };
  const model = sparseModel(flat, 40000, 12, true);

  test('the array is one, and begins with the first page frame', () => {
    expect([model.kind, base < 0n]).toEqual(['FLATMEM', true]);
    expect(model.addressOf(first + 5)).toBe(array + 5n * 40000n);
    expect(model.pfnOf(array + 5n * 40000n + 8n)).toBe(first + 5);
    expect(model.pfnOf(array - 1n)).toBeUndefined();
    expect(model.pfnOf(0n)).toBeUndefined();
  });

  test('holes have no struct pages', () => {
    expect(model.stretches({ start: 0, end: 2 ** 32 })).toEqual([
      { start: first, end: first + 1000, address: array },
      { start: first + 2000, end: first + 3000, address: array + 2000n * 40000n },
    ]);
  });
});
