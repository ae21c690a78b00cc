import { describe, expect, test } from 'vitest';
import { CONSTANTS } from '../../src/loops/abi.ts';
import { Loops } from '../../src/loops/loops.ts';
import { Random } from './random-pages.ts';
import { unpackDeltas, unpackHybrid, unsnappy } from './unpack-twin.ts';

const MOST = 5000;
const unused = (): never => {
  throw new Error('not asked for');
};
const loops = new Loops({ readHead: unused, pfnOf: unused, slabCache: unused });
const [from, other, to, levels] = [
  loops.allocate(MOST * 8 + 64),
  loops.allocate(MOST * 8),
  loops.allocate(MOST * 16),
  loops.allocate(MOST),
];
const scratch = loops.allocate(1024);
const table = loops.allocate(1 << 20);
const dictionary = loops.allocate(MOST * 8);

/** Values in runs of any length, among them none. */
function inRuns(random: Random, count: number, next: () => bigint): bigint[] {
  const values: bigint[] = [];
  while (values.length < count) {
    const value = next();
    const length = random.pick([1, 1, 1, 2, 7, 8, 9, 31, 32, 33, 200, 600]);
    for (let i = 0; i < length && values.length < count; i++) values.push(value);
  }
  return values;
}

const COUNTS = [1, 2, 7, 8, 9, 31, 32, 33, 127, 128, 129, 130, 504, 505, 4999];
const bits = (random: Random, width: number): bigint => {
  const word = (BigInt(random.below(2 ** 32)) << 32n) | BigInt(random.below(2 ** 32));
  return word & ((1n << BigInt(width)) - 1n);
};

describe('codes', () => {
  test.each([1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 18, 24, 31])('of %i bits', (width) => {
    const random = new Random(width);
    for (const count of COUNTS) {
      const values = inRuns(random, count, () => bits(random, width)).map(Number);
      loops.words(from, count).set(values);
      loops.words(from + 4 * count, 16).fill(0xffffffff);
      const end = loops.run.packHybrid(from, count, width, to);
      expect(unpackHybrid(loops.bytes(to, end - to), count, width)).toEqual(values);
    }
  });

  test('of rows that have a value', () => {
    const random = new Random(77);
    for (const count of COUNTS) {
      const values = inRuns(random, count, () => bits(random, 1)).map(Number);
      loops.bytes(levels, count).set(values);
      loops.bytes(levels + count, 8).fill(0xff);
      const end = loops.run.packLevels(levels, count, to);
      expect(unpackHybrid(loops.bytes(to, end - to), count, 1)).toEqual(values);
    }
  });
});

test('deltas of words, up to 2^64 - 1', () => {
  const random = new Random(3);
  for (const width of [1, 3, 8, 31, 32, 33, 47, 63, 64]) {
    for (const count of COUNTS) {
      const values = inRuns(random, count, () => bits(random, width));
      if (count > 2) [values[0], values[2]] = [2n ** 64n - 1n, 2n ** 63n];
      loops.longs(from, count).set(values);
      const end = loops.run.packDeltas(from, count, scratch, to);
      expect(unpackDeltas(loops.bytes(to, end - to))).toEqual(values);
    }
  }
});

test('a ramp of words takes some bytes a block', () => {
  loops
    .longs(from, MOST)
    .set(BigUint64Array.from({ length: MOST }, (_, i) => 0xffffea0000000000n + 64n * BigInt(i)));
  const end = loops.run.packDeltas(from, MOST, scratch, to);
  expect(end - to).toBeLessThan(400);
});

test('snappy', () => {
  const random = new Random(9);
  const size = 300_000;
  const input = loops.allocate(size);
  const output = loops.allocate(2 * size);
  for (const length of [0, 1, 3, 4, 14, 15, 16, 60, 61, 62, 256, 257, 65535, 65536, 65537, size]) {
    for (const alphabet of [1, 2, 5, 256]) {
      const bytes = loops.bytes(input, length);
      for (let i = 0; i < length; ) {
        if (i > 100 && random.below(3) > 0) {
          const [back, run] = [1 + random.below(Math.min(i, 70000)), 1 + random.below(90)];
          for (let k = 0; k < run && i < length; k++, i++) bytes[i] = bytes[i - back]!;
        } else bytes[i++] = random.below(alphabet);
      }
      const end = loops.run.snappy(input, length, table, output);
      expect(end - output).toBeLessThanOrEqual(32 + length + length / 6);
      expect(Buffer.compare(unsnappy(loops.bytes(output, end - output)), bytes)).toBe(0);
    }
  }
});

test('dictionaries number words as they are met, and stop where there are too many', () => {
  const random = new Random(5);
  const values = inRuns(random, 3000, () => bits(random, 64));
  values[0] = 0n;
  loops.longs(from, values.length).set(values);
  loops.bytes(table, 1 << 20).fill(0);
  const known = loops.run.internWords(from, values.length, table, 13, dictionary, 0, 4096, to);
  const distinct = [...new Set(values)];
  expect(known).toBe(distinct.length);
  expect([...loops.longs(dictionary, known)]).toEqual(distinct);
  expect([...loops.words(to, values.length)]).toEqual(values.map((v) => distinct.indexOf(v)));
  loops.bytes(table, 1 << 20).fill(0);
  expect(loops.run.internWords(from, values.length, table, 13, dictionary, 0, distinct.length - 1, to)).toBe(
    -1,
  );
});

test('names get codes of their own, without those that are empty', () => {
  const codes = [3, 3, 0, 5, 1, 3, 5, 2];
  const empty = [0, 0, 0, 0, 1, 0, 0, 0];
  const [own, order, seen] = [0, 1, 2].map(() => loops.allocate(100)) as [number, number, number];
  loops.ints(own, 6)[0] = -1;
  for (const [bytes, put] of [
    [1, () => loops.bytes(from, 8).set(codes)],
    [2, () => loops.shorts(from, 8).set(codes)],
    [4, () => loops.words(from, 8).set(codes)],
  ] as const) {
    put();
    loops.bytes(other, 8).set(empty);
    const count = loops.run.internCodes(bytes, from, 8, other, own, order, seen, bytes, to, levels);
    expect([...loops.ints(to, count)]).toEqual([0, 0, 1, 0, 1, 2]);
    expect([...loops.bytes(levels, 8)]).toEqual([1, 1, 0, 1, 0, 1, 1, 1]);
    expect([...loops.ints(order, 4)]).toEqual([3, 3, 5, 2]);
    expect([...loops.ints(seen + 4, 3)]).toEqual([bytes, bytes, bytes]);
  }
});

test('numbers of every type become words, and what is not whole is told', () => {
  const { Numbers } = CONSTANTS;
  const wide = (type: number, count: number): bigint[] => {
    loops.bytes(other, 4).set([0, 1, 0, 0]);
    const found = loops.run.widenNumbers(type, from, count, other, to, levels);
    return [...loops.longs(to, found)].map((w) => BigInt.asIntN(64, w));
  };
  loops.bytes(from, 4).set([255, 1, 2, 128]);
  expect(wide(Numbers.u8, 4)).toEqual([255n, 2n, 128n]);
  expect(wide(Numbers.i8, 4)).toEqual([-1n, 2n, -128n]);
  loops.ints(from, 4).set([-1, 1, 2, -(2 ** 31)]);
  expect(wide(Numbers.i32, 4)).toEqual([-1n, 2n, -(2n ** 31n)]);
  expect(wide(Numbers.u32, 4)).toEqual([2n ** 32n - 1n, 2n, 2n ** 31n]);
  loops.shorts(from, 4).set([65535, 1, 2, 3]);
  expect(wide(Numbers.u16, 4)).toEqual([65535n, 2n, 3n]);
  loops.doubles(from, 4).set([2 ** 53, Number.NaN, -5, 0]);
  expect(wide(Numbers.f64, 4)).toEqual([2n ** 53n, -5n, 0n]);
  loops.doubles(from, 4).set([1, 2, 0.5, 3]);
  expect(loops.run.widenNumbers(Numbers.f64, from, 4, 0, to, levels)).toBe(-1);
});

test('extremes are by sign', () => {
  loops.longs(from, 3).set([2n ** 64n - 1n, 0n, 5n]);
  loops.run.extremes(from, 3, 0, to);
  expect([...loops.longs(to, 2)]).toEqual([0n, 2n ** 64n - 1n]);
  loops.run.extremes(from, 3, 1, to);
  expect([...loops.longs(to, 2)]).toEqual([2n ** 64n - 1n, 5n]);
});
