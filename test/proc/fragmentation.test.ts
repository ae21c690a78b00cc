import { describe, expect, test } from 'vitest';
import { indicesOf } from '../../src/proc/fragmentation.ts';

describe('indices of external fragmentation', () => {
  test('say that an allocation succeeds where a block is large enough', () => {
    expect(indicesOf([3, 0, 1], 2)).toEqual({ index: -1000, unusable: 428 });
    expect(indicesOf([0, 0, 2], 0)).toEqual({ index: -1000, unusable: 0 });
  });

  test('are higher the more pieces the same memory is in', () => {
    // 100 pages in 100 pieces; in 2 pieces of 32 and 9 of 4
    expect(indicesOf([100, 0, 0, 0, 0, 0, 0], 1)).toEqual({ index: 490, unusable: 1000 });
    expect(indicesOf([100, 0, 0, 0, 0, 0, 0], 6)).toEqual({ index: 975, unusable: 1000 });
    expect(indicesOf([0, 0, 9, 0, 0, 2, 0], 6)).toEqual({ index: 768, unusable: 1000 });
  });

  test('are those of a zone without free memory', () => {
    expect(indicesOf([0, 0, 0], 1)).toEqual({ index: 0, unusable: 1000 });
  });
});
