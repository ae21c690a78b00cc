import { describe, expect, test } from 'vitest';
import { curveFor } from '../../src/map/curve.ts';
import { CURVES } from '../../src/map/options.ts';

const SIZES = [1, 2, 3, 4, 5, 12, 13, 48, 64, 100, 1024, 4096, 5000, 12288, 12289];

describe.each(CURVES)('%s', (name) => {
  test.each(SIZES)(
    '%i positions have places of their own inside of the rectangle, and lead back',
    (count) => {
      const curve = curveFor(name, count);
      const places = new Set<number>();
      for (let position = 0; position < count; position++) {
        const place = curve.place(position);
        places.add(place);
        const [x, y] = [place % curve.width, Math.floor(place / curve.width)];
        expect(y).toBeLessThan(curve.height);
        expect(curve.at(x, y)).toBe(position);
      }
      expect(places.size).toBe(count);
    },
  );
});

describe('hilbert', () => {
  test.each([64, 4096, 3 * 4096])('neighbours of %i positions touch', (count) => {
    const curve = curveFor('hilbert', count);
    expect(curve.width * curve.height).toBe(count);
    const distances = Array.from({ length: count - 1 }, (_, position) => {
      const [a, b] = [curve.place(position), curve.place(position + 1)];
      const across = Math.abs((a % curve.width) - (b % curve.width));
      return across + Math.abs(Math.floor(a / curve.width) - Math.floor(b / curve.width));
    });
    expect(new Set(distances)).toEqual(new Set([1]));
  });

  test('blocks of a power of 4 are squares', () => {
    const curve = curveFor('hilbert', 3 * 4096);
    for (let block = 0; block < 3 * 16; block++) {
      const places = Array.from({ length: 256 }, (_, i) => curve.place(block * 256 + i));
      const xs = places.map((place) => (place % curve.width) >> 4);
      const ys = places.map((place) => Math.floor(place / curve.width) >> 4);
      expect([new Set(xs).size, new Set(ys).size]).toEqual([1, 1]);
    }
  });

  test('a terabyte of pages of 4 KiB fills a square', () => {
    const curve = curveFor('hilbert', 2 ** 28);
    expect([curve.width, curve.height]).toEqual([16384, 16384]);
    for (const position of [0, 1, 2 ** 27, 2 ** 28 - 1]) {
      const place = curve.place(position);
      expect(curve.at(place % 16384, Math.floor(place / 16384))).toBe(position);
    }
  });

  test('more positions than 32 bits hold', () => {
    const curve = curveFor('hilbert', 2 ** 34);
    for (const position of [2 ** 32, 2 ** 34 - 1]) {
      const place = curve.place(position);
      expect(curve.at(place % curve.width, Math.floor(place / curve.width))).toBe(position);
    }
  });
});
