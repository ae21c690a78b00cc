import { describe, expect, test } from 'vitest';
import { FaultError } from '../../src/core/errors.ts';
import { hlistNodes } from '../../src/objects/hlist.ts';
import { idrEntries } from '../../src/objects/idr.ts';
import { isEmptyList, listNodes, rcuListNodes } from '../../src/objects/list.ts';
import { llistNodes } from '../../src/objects/llist.ts';
import { mapleEntries } from '../../src/objects/maple-tree.ts';
import { plistNodes } from '../../src/objects/plist.ts';
import { rbNodes } from '../../src/objects/rbtree.ts';
import { ChainError } from '../../src/objects/walk.ts';
import { xarrayEntries, xarrayLoad } from '../../src/objects/xarray.ts';
import { CONTAINER_TYPES, objectsFrom } from '../builders/kernel-objects.ts';

const hexes = (addresses: Iterable<bigint>): string[] => [...addresses].map((a) => a.toString(16));

/** What a walk gave before it ended, and why it did. */
function walked<T>(walk: Iterable<T>): { met: T[]; error: unknown } {
  const met: T[] = [];
  try {
    for (const one of walk) met.push(one);
  } catch (error) {
    return { met, error };
  }
  return { met, error: undefined };
}

describe('list', () => {
  const LIST = `
    1000: 1100 1300
    1100: 1200 1000
    1200: 1300 1100
    1300: 1000 1200
  `;

  test('its nodes come in order, the head is none of them', () => {
    const { memory } = objectsFrom(LIST);
    expect(hexes(listNodes(memory, 0x1000n))).toEqual(['1100', '1200', '1300']);
    expect(isEmptyList(memory, 0x1000n)).toBe(false);
    expect(hexes(listNodes(objectsFrom('1000: 1000 1000').memory, 0x1000n))).toEqual([]);
  });

  test('a node that does not point back ends it, by its place', () => {
    const { memory } = objectsFrom(LIST.replace('1200: 1300 1100', '1200: 1300 1000'));
    const { met, error } = walked(listNodes(memory, 0x1000n));
    expect(hexes(met)).toEqual(['1100']);
    expect(error).toBeInstanceOf(ChainError);
    expect(error).toMatchObject({ address: 0x1200n, met: 1 });
    expect((error as Error).message).toMatch(/prev/);
  });

  test('a loop that leaves the head out is told, whatever its length', () => {
    for (const length of [1, 2, 3, 7, 64, 1000]) {
      const lines = ['1000: 100000 0'];
      const at = (i: number): string => (0x100000 + i * 16).toString(16);
      for (let i = 0; i < length + 5; i++) lines.push(`${at(i)}: ${at(i === length + 4 ? 5 : i + 1)} 0`);
      const { met, error } = walked(rcuListNodes(objectsFrom(lines.join('\n')).memory, 0x1000n));
      expect(error).toBeInstanceOf(ChainError);
      expect((error as Error).message).toMatch(/it loops/);
      expect(met.length).toBeLessThan(4 * (length + 5));
    }
  });

  test('one that leaves memory ends by a FaultError that names the place', () => {
    const { memory } = objectsFrom('1000: 1100 1100\n1100: dead0000 1000');
    const { met, error } = walked(listNodes(memory, 0x1000n));
    expect(hexes(met)).toEqual(['1100']);
    expect(error).toBeInstanceOf(FaultError);
    expect(error).toMatchObject({ address: 0xdead0000n, reason: 'not-mapped' });
  });
});

test('hlist: the lock in the head is seen through, and a nulls mark ends it', () => {
  expect(hexes(hlistNodes(objectsFrom('1000: 1101\n1100: 1200\n1200: 0').memory, 0x1000n))).toEqual([
    '1100',
    '1200',
  ]);
  expect(hexes(hlistNodes(objectsFrom('1000: 1100\n1100: 15').memory, 0x1000n))).toEqual(['1100']);
  expect(walked(hlistNodes(objectsFrom('1000: 1100\n1100: 1100').memory, 0x1000n)).error).toBeInstanceOf(
    ChainError,
  );
});

test('llist', () => {
  expect(hexes(llistNodes(objectsFrom('1000: 1200\n1200: 1100\n1100: 0').memory, 0x1000n))).toEqual([
    '1200',
    '1100',
  ]);
});

describe('rbtree', () => {
  //        1200
  //   1100      1400
  //          1300
  const TREE = `
    1000: 1200
    1100: 1201 0 0
    1200: 1 1400 1100
    1300: 1400 0 0
    1400: 1201 0 1300
  `;

  test('its nodes come in order', () => {
    expect(hexes(rbNodes(objectsFrom(TREE), 0x1000n))).toEqual(['1100', '1200', '1300', '1400']);
    expect(hexes(rbNodes(objectsFrom('1000: 0'), 0x1000n))).toEqual([]);
  });

  test('a child that names another parent ends it, so no loop goes on', () => {
    const { met, error } = walked(
      rbNodes(objectsFrom(TREE.replace('1300: 1400 0 0', '1300: 1400 1200 0')), 0x1000n),
    );
    expect(hexes(met)).toEqual(['1100', '1200', '1300']);
    expect(error).toMatchObject({ name: 'ChainError', address: 0x1200n });
  });
});

test('plist', () => {
  const objects = objectsFrom(`
    1000: 1118 1218
    1100: 5 0 0 1218 1000
    1200: 6 0 0 1000 1118
  `);
  expect(hexes(plistNodes(objects, 0x1000n))).toEqual(['1100', '1200']);
});

describe('xarray', () => {
  const node = (at: string, shift: number, slots: Record<number, string>, slot = 0): string => {
    const words = Array.from({ length: 64 }, (_, i) => slots[i] ?? '0').join(' ');
    return `${at}: ${(shift | (slot << 8)).toString(16)} 0 0 0 0 ${words}`;
  };

  test('an entry that is alone is at index 0', () => {
    const objects = objectsFrom('1000: 0 ffff0000');
    expect([...xarrayEntries(objects, 0x1000n)]).toEqual([{ index: 0, entry: 0xffff0000n, span: 1 }]);
    expect(xarrayLoad(objects, 0x1000n, 0)).toBe(0xffff0000n);
    expect(xarrayLoad(objects, 0x1000n, 1)).toBe(0n);
    expect([...xarrayEntries(objectsFrom('1000: 0 0'), 0x1000n)]).toEqual([]);
  });

  test('levels add up; siblings belong to the entry before them', () => {
    const objects = objectsFrom(
      [
        '1000: 0 2002',
        node('2000', 6, { 0: '3002', 2: '4002' }),
        node('3000', 0, { 5: 'aaa0' }),
        node('4000', 0, { 4: 'bbb0', 5: '12', 63: '7' }, 2),
      ].join('\n'),
    );
    expect([...xarrayEntries(objects, 0x1000n)]).toEqual([
      { index: 5, entry: 0xaaa0n, span: 1 },
      { index: 132, entry: 0xbbb0n, span: 2 },
      { index: 191, entry: 7n, span: 1 },
    ]);
    expect(xarrayLoad(objects, 0x1000n, 133)).toBe(0xbbb0n);
    expect(xarrayLoad(objects, 0x1000n, 134)).toBe(0n);
    expect(xarrayLoad(objects, 0x1000n, 4096)).toBe(0n);
  });

  test('a level that does not go down ends it', () => {
    const objects = objectsFrom(['1000: 0 2002', node('2000', 6, { 0: 'aaa0', 1: '2002' })].join('\n'));
    const { met, error } = walked(xarrayEntries(objects, 0x1000n));
    expect(met).toEqual([{ index: 0, entry: 0xaaa0n, span: 64 }]);
    expect(error).toMatchObject({ name: 'ChainError', address: 0x2000n });
    expect(() => xarrayLoad(objects, 0x1000n, 64)).toThrow(/shift/);
  });

  test('a node in two slots ends it, for what is below would be met again and again', () => {
    const types = CONTAINER_TYPES.replace('offset 1 1,', 'offset 1 1, parent 8 8,');
    const objects = objectsFrom(
      [
        '1000: 0 2002',
        node('2000', 6, { 0: '3002', 1: '3002' }),
        `3000: 0 2000 0 0 0 aaa0 ${'0 '.repeat(63)}`,
      ].join('\n'),
      types,
    );
    const { met, error } = walked(xarrayEntries(objects, 0x1000n));
    expect(met).toEqual([{ index: 0, entry: 0xaaa0n, span: 1 }]);
    expect(error).toMatchObject({ name: 'ChainError', address: 0x3000n });
  });

  test('idr: ids count from its base', () => {
    const objects = objectsFrom(['1000: 0 2002 1', node('2000', 0, { 0: 'aaa0', 3: 'bbb0' })].join('\n'));
    expect([...idrEntries(objects, 0x1000n)]).toEqual([
      { id: 1, pointer: 0xaaa0n },
      { id: 4, pointer: 0xbbb0n },
    ]);
  });
});

describe('maple tree', () => {
  /** A node of 16 slots: 15 pivots, then the slots. */
  const node = (at: string, pivots: string[], slots: string[], parent = '0'): string =>
    `${at}: ${parent} ${[...pivots, ...Array(15).fill('0')].slice(0, 15).join(' ')} ${[...slots, ...Array(16).fill('0')].slice(0, 16).join(' ')}`;
  const LEAF = 1 << 3;
  const RANGE = 2 << 3;
  const enode = (at: number, type: number): string => (at | type).toString(16);

  test('a leaf: ranges between pivots, empty ones left out', () => {
    const objects = objectsFrom(
      [
        `1000: 0 ${enode(0x2000, LEAF | 2)}`,
        node('2000', ['fff', '1fff', '2fff', 'ffffffffffffffff'], ['0', 'aaa0', '0', 'bbb0']),
      ].join('\n'),
    );
    expect([...mapleEntries(objects, 0x1000n)]).toEqual([
      { first: 0x1000n, last: 0x1fffn, entry: 0xaaa0n },
      { first: 0x3000n, last: 0xffffffffffffffffn, entry: 0xbbb0n },
    ]);
  });

  test('two levels', () => {
    const objects = objectsFrom(
      [
        `1000: 0 ${enode(0x2000, RANGE | 2)}`,
        node('2000', ['fff', 'ffffffffffffffff'], [enode(0x3000, LEAF), enode(0x4000, LEAF)]),
        node('3000', ['7ff', 'fff'], ['aaa0', '0'], '2002'),
        node('4000', ['1fff'], ['bbb0'], '200a'),
      ].join('\n'),
    );
    expect([...mapleEntries(objects, 0x1000n)]).toEqual([
      { first: 0n, last: 0x7ffn, entry: 0xaaa0n },
      { first: 0x1000n, last: 0x1fffn, entry: 0xbbb0n },
    ]);
  });

  test('a node in two slots ends it, for what is below would be met again and again', () => {
    const objects = objectsFrom(
      [
        `1000: 0 ${enode(0x2000, RANGE | 2)}`,
        node('2000', ['fff', 'ffffffffffffffff'], [enode(0x3000, LEAF), enode(0x3000, LEAF)]),
        node('3000', ['7ff', 'fff'], ['aaa0', '0'], '2002'),
      ].join('\n'),
    );
    const { met, error } = walked(mapleEntries(objects, 0x1000n));
    expect(met).toEqual([{ first: 0n, last: 0x7ffn, entry: 0xaaa0n }]);
    expect(error).toMatchObject({ name: 'ChainError', address: 0x3000n });
  });

  test('a node below itself ends it', () => {
    const objects = objectsFrom(
      [
        `1000: 0 ${enode(0x2000, RANGE | 2)}`,
        node('2000', ['ffffffffffffffff'], [enode(0x2000, RANGE)], '2000'),
      ].join('\n'),
    );
    expect(walked(mapleEntries(objects, 0x1000n)).error).toMatchObject({ name: 'ChainError' });
    expect((walked(mapleEntries(objects, 0x1000n)).error as Error).message).toMatch(/too high/);
  });
});
