import { expect, test } from 'vitest';
import { Tuples } from '../../src/map/tuples.ts';

test('equal tuples have one number, in the order in which they are first met', () => {
  const tuples = new Tuples(3);
  const known = new Map<string, number>();
  const wrong: string[] = [];
  for (let i = 0; i < 20_000; i++) {
    const tuple = Int32Array.of((i * 7919) % 5003, -(i % 3), i % 7);
    const key = tuple.join();
    const number = tuples.numberOf(tuple, 1e6);
    if (number !== (known.get(key) ?? known.size)) wrong.push(key);
    known.set(key, number);
  }
  expect(wrong).toEqual([]);
  expect(tuples.count).toBe(known.size);
  const last = [...known].at(-1)!;
  expect([0, 1, 2].map((lane) => tuples.value(last[1], lane)).join()).toBe(last[0]);
});

test('no new tuple gets a number beyond the limit', () => {
  const tuples = new Tuples(1);
  expect([1, 2, 3, 1].map((value) => tuples.numberOf(Int32Array.of(value), 2))).toEqual([0, 1, -1, 0]);
});
