import { describe, expect, test } from 'vitest';
import type { SlabCache } from '../../src/objects/slab/cache.ts';
import { freeObjects, objectAt, objectIndex } from '../../src/objects/slab/freelist.ts';
import { ChainError } from '../../src/objects/walk.ts';
import { objectsFrom } from '../builders/kernel-objects.ts';

const CACHE: SlabCache = {
  address: 0n,
  name: 'things',
  size: 64,
  objectSize: 60,
  linkAt: 32,
  random: 0n,
  redZone: 0,
  flags: 0,
  perSlab: 16,
  order: 0,
};
const SLAB = { start: 0xffff888000001000n, objects: 16 };

/** Memory with a free list through the objects of these numbers, each link hidden by `hide`. */
function memoryWith(indices: readonly number[], hide: (link: bigint, at: bigint) => bigint, cache = CACHE) {
  const lines = indices.map((index, i) => {
    const at = objectAt(cache, SLAB, index) + BigInt(cache.linkAt);
    const next = indices[i + 1];
    const link = next === undefined ? 0n : objectAt(cache, SLAB, next);
    return `${at.toString(16)}: ${BigInt.asUintN(64, hide(link, at)).toString(16)}`;
  });
  return objectsFrom(lines.join('\n')).memory;
}

function swab(word: bigint): bigint {
  const bytes = word.toString(16).padStart(16, '0').match(/../g)!;
  return BigInt(`0x${bytes.reverse().join('')}`);
}

describe('free lists of slabs', () => {
  const ORDER = [3, 15, 0, 7];
  const RANDOM = 0x1122334455667788n;
  const first = objectAt(CACHE, SLAB, 3);

  test.each([
    ['plain', 0n, (link: bigint) => link],
    [
      'hidden, the address with its bytes swapped (5.7 on)',
      RANDOM,
      (link: bigint, at: bigint) => link ^ RANDOM ^ swab(at),
    ],
    ['hidden, the address as it is (4.14 on)', RANDOM, (link: bigint, at: bigint) => link ^ RANDOM ^ at],
  ])('%s', (_, random, hide) => {
    const memory = memoryWith(ORDER, hide);
    expect([...freeObjects(memory, { ...CACHE, random }, SLAB, first)]).toEqual(ORDER);
  });

  test('red zones come before each object', () => {
    const cache = { ...CACHE, redZone: 8 };
    expect(objectAt(cache, SLAB, 2)).toBe(SLAB.start + 136n);
    expect(objectIndex(cache, SLAB, SLAB.start + 136n)).toBe(2);
    expect(objectIndex(cache, SLAB, SLAB.start + 128n)).toBeUndefined();
    const memory = memoryWith(ORDER, (link) => link, cache);
    expect([...freeObjects(memory, cache, SLAB, objectAt(cache, SLAB, 3))]).toEqual(ORDER);
  });

  test('one that loops ends', () => {
    const memory = memoryWith([3, 5], (link) => (link === 0n ? first : link));
    const walk = freeObjects(memory, CACHE, SLAB, first);
    expect([walk.next().value, walk.next().value]).toEqual([3, 5]);
    expect(() => walk.next()).toThrow(ChainError);
  });

  test('one that leads out of its slab, or into the middle of an object, ends', () => {
    const out = objectsFrom('ffff8880000010e0: ffff888000009000').memory;
    expect(() => [...freeObjects(out, CACHE, SLAB, first)]).toThrow(/no object of the slab/);
    const middle = objectsFrom('ffff8880000010e0: ffff888000001004').memory;
    expect(() => [...freeObjects(middle, CACHE, SLAB, first)]).toThrow(/no object of the slab/);
  });

  test('a hidden link that makes no sense is told, not followed', () => {
    const memory = memoryWith(ORDER, () => 0x1234n);
    expect(() => [...freeObjects(memory, { ...CACHE, random: RANDOM }, SLAB, first)]).toThrow(/what hides/);
  });
});
