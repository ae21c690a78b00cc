import fc from 'fast-check';
import { expect, test } from 'vitest';
import { squarify } from '../../src/map/squarify.ts';

const AREA = { x: 10, y: 20, width: 600, height: 400 };

test('the example of the paper is divided as there', () => {
  const parts = squarify([6, 6, 4, 3, 2, 2, 1], { x: 0, y: 0, width: 6, height: 4 });
  expect(parts[0]).toEqual({ x: 0, y: 0, width: 3, height: 2 });
  expect(parts[1]).toEqual({ x: 0, y: 2, width: 3, height: 2 });
  expect(parts[2]!.width).toBeCloseTo(12 / 7);
  expect(parts[2]!.height).toBeCloseTo(7 / 3);
});

test('parts have their share of the area, lie within it and do not overlap', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(sizes, (list) => {
      list.sort((a, b) => b - a);
      const total = list.reduce((sum, size) => sum + size, 0);
      const parts = squarify(list, AREA);
      for (const [i, { x, y, width, height }] of parts.entries()) {
        expect(width * height).toBeCloseTo((list[i]! / total) * AREA.width * AREA.height, 3);
        expect(x).toBeGreaterThanOrEqual(AREA.x - 1e-6);
        expect(y + height).toBeLessThanOrEqual(AREA.y + AREA.height + 1e-6);
        for (const other of parts.slice(0, i)) {
          const across = Math.min(x + width, other.x + other.width) - Math.max(x, other.x);
          const down = Math.min(y + height, other.y + other.height) - Math.max(y, other.y);
          expect(Math.min(across, down)).toBeLessThan(1e-6);
        }
      }
    }),
    { numRuns: 50 },
  );
});
