import { describe, expect, test } from 'vitest';
import { FaultError } from '../../src/core/errors.ts';
import { pageTables } from '../builders/page-tables.ts';

describe.each(['4-level', '5-level'] as const)('%s page tables', (mode) => {
  const { walker } = pageTables(
    mode,
    `
    0xffffffff81000000 -> 0x1000000 2M
    0xffffffff81200000 -> 0x1200000 2M
    0xffffffff81400000 -> 0x5000 4K
    0xffff888000000000 -> 0x0 1G
    `,
  );

  test.each([
    [0xffffffff81000123n, 0x1000123, 2 ** 21],
    [0xffffffff813fffffn, 0x13fffff, 2 ** 21],
    [0xffffffff81400abcn, 0x5abc, 2 ** 12],
    [0xffff888012345678n, 0x12345678, 2 ** 30],
  ])('0x%s is mapped', (address, physical, pageSize) => {
    expect(walker.walk(address)).toMatchObject({ physical, pageSize });
    expect(walker.translate(address)).toBe(physical);
  });

  test('a fault names level and entry', () => {
    expect(() => walker.translate(0xffffffff81401000n)).toThrow(FaultError);
    expect(() => walker.translate(0xffffffff81401000n)).toThrow(
      'cannot read virtual address 0xffffffff81401000: no page table maps it (walk ended at pte, entry 0x0)',
    );
    expect(() => walker.translate(0xffffffff90000000n)).toThrow('walk ended at pmd');
  });

  test('vmemmap minus PAGE_OFFSET is mapped by nothing', () => {
    expect(walker.walk(0x620000000000n)).toMatchObject({ physical: undefined, reason: 'not-mapped' });
  });

  test('an address whose upper bits differ is none', () => {
    expect(walker.isCanonical(0x8000000000000000n)).toBe(false);
    expect(walker.walk(0x8000000000000000n)).toMatchObject({ steps: [], physical: undefined });
  });

  test('neighbours in physical memory are one run, what is unmapped is another', () => {
    expect(walker.mappedRuns(0xffffffff81000000n, 0x402000)).toEqual([
      { offset: 0, length: 0x400000, physical: 0x1000000 },
      { offset: 0x400000, length: 0x1000, physical: 0x5000 },
      { offset: 0x401000, length: 0x1000, physical: undefined, reason: 'not-mapped' },
    ]);
  });
});

test('pages of one table, out of order and with gaps', () => {
  const { walker } = pageTables(
    '4-level',
    `
    0xffffea0000000000 -> 0x7000 4K
    0xffffea0000001000 -> 0x8000 4K
    0xffffea0000002000 -> 0x5000 4K
    0xffffea0000004000 -> 0x9000 4K
    0xffffea0000200000 -> 0x400000 2M
    `,
  );
  const runs = walker.mappedRuns(0xffffea0000000000n, 0x201000);
  expect(runs.map((r) => [r.offset, r.length, r.physical])).toEqual([
    [0, 0x2000, 0x7000],
    [0x2000, 0x1000, 0x5000],
    [0x3000, 0x1000, undefined],
    [0x4000, 0x1000, 0x9000],
    [0x5000, 0x1fb000, undefined],
    [0x200000, 0x1000, 0x400000],
  ]);
  expect(walker.mappedRuns(0xffffea0000001000n, 0x1000)).toEqual([
    { offset: 0, length: 0x1000, physical: 0x8000 },
  ]);
  // from the middle of a page to the middle of another, and within one
  expect(walker.mappedRuns(0xffffea0000001040n, 0x3000).map((r) => [r.offset, r.length, r.physical])).toEqual(
    [
      [0, 0xfc0, 0x8040],
      [0xfc0, 0x1000, 0x5000],
      [0x1fc0, 0x1000, undefined],
      [0x2fc0, 0x40, 0x9000],
    ],
  );
  expect(walker.mappedRuns(0xffffea0000002010n, 0x20)).toEqual([
    { offset: 0, length: 0x20, physical: 0x5010 },
  ]);
});

test("SME's bit is no part of an address", () => {
  const { walker } = pageTables('4-level', '0xffff888000200000 -> 0x200000 2M', 1n << 47n);
  expect(walker.walk(0xffff888000200010n).physical).toBe(0x200010);
});

test('a table outside of the image is a hole, not an unmapped page', () => {
  const { walker, memory } = pageTables('4-level', '');
  memory.setBigUint64(0x10000 + 511 * 8, 0x7fff000n | 1n, true);
  expect(walker.walk(0xffffffff81000000n)).toMatchObject({ physical: undefined, reason: 'hole' });
});
