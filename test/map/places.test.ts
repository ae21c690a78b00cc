import { describe, expect, test } from 'vitest';
import { pfnAt, positionOf, positionsOf, stretchesOf } from '../../src/map/places.ts';

describe('places of pfns', () => {
  test('wide gaps are left out, narrow ones are shown', () => {
    const present = [
      { start: 0x80000, end: 0x90000 },
      { start: 0x90800, end: 0xa0000 },
      { start: 0x4000000, end: 0x4010000 },
    ];
    const stretches = stretchesOf(present);
    expect(stretches).toEqual([
      { start: 0x80000, end: 0xa0000, at: 0 },
      { start: 0x4000000, end: 0x4010000, at: 0x20000 },
    ]);
    expect(positionsOf(stretches)).toBe(0x30000);
  });

  test('every pfn has a position that leads back to it', () => {
    const stretches = stretchesOf([
      { start: 1, end: 5000 },
      { start: 100_000, end: 104_000 },
    ]);
    for (const pfn of [1, 4999, 100_000, 103_999]) {
      expect(pfnAt(stretches, positionOf(stretches, pfn)!)).toBe(pfn);
    }
    expect(positionOf(stretches, 50_000)).toBeUndefined();
    expect(pfnAt(stretches, positionsOf(stretches))).toBeUndefined();
  });
});
