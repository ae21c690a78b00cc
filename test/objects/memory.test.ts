import { describe, expect, test } from 'vitest';
import { LayoutError } from '../../src/core/errors.ts';
import { objectsFrom } from '../builders/kernel-objects.ts';

describe('memory', () => {
  test('a page is read once, however many pieces of it are asked for', () => {
    const { memory } = objectsFrom('1000: 8877665544332211 1\n2000: ffffffffffffffff');
    for (let i = 0; i < 1000; i++) memory.u32(0x1000n + BigInt(i));
    expect(memory.pagesRead).toBe(1);
    expect(memory.u8(0x1001n)).toBe(0x22);
    expect(memory.u16(0x1001n)).toBe(0x3322);
    expect(memory.i32(0x2000n)).toBe(-1);
  });

  test('words lie across the edges of pages', () => {
    const { memory } = objectsFrom('1ff8: 8877665544332211\n2000: ff');
    expect(memory.u64(0x1ffcn)).toBe(0xff88776655n);
    expect(memory.u32(0x1ffen)).toBe(0x00ff8877);
    expect(memory.u16(0x1fffn)).toBe(0xff88);
  });

  test('missing memory is a FaultError each time, and asked of the source once', () => {
    const { memory } = objectsFrom('1000: 1');
    for (let i = 0; i < 3; i++) expect(() => memory.u8(0x5000n)).toThrow(/no page table maps it/);
    expect(memory.pagesRead).toBe(1);
  });

  test('text ends at its NUL or at what is allowed', () => {
    const { memory } = objectsFrom('1ff8: 6867666564636261\n2000: 6a69');
    expect(memory.string(0x1ff8n)).toBe('abcdefghij');
    expect(memory.string(0x1ff8n, 3)).toBe('abc');
  });
});

describe('struct', () => {
  const TYPES = 'thing 32: a 0 8, b 8 4, c 12 2, d 14 1, bits 16 4:3+5, name 24 8, renamed 8 4';

  test('members by path: integers of each size, signed ones, bit fields, text, addresses', () => {
    const objects = objectsFrom('1000: 123456789abcdef0 7f0102fffffffe b8 63626100', TYPES);
    const thing = objects.struct('thing');
    expect(thing.word(0x1000n, 'a')).toBe(0x123456789abcdef0n);
    expect(thing.number(0x1000n, 'b')).toBe(0xfffffffe);
    expect(thing.signed(0x1000n, 'b')).toBe(-2);
    expect(thing.number(0x1000n, 'c')).toBe(0x0102);
    expect(thing.number(0x1000n, 'd')).toBe(0x7f);
    expect(thing.number(0x1000n, 'bits')).toBe(0b10111);
    expect(thing.text(0x1000n, 'name')).toBe('');
    expect(thing.at(0x1000n, 'c')).toBe(0x100cn);
    expect(thing.container(0x100cn, 'c')).toBe(0x1000n);
  });

  test('the newest name that a kernel has is taken, and one that it lacks is a LayoutError', () => {
    const thing = objectsFrom('1000: 1', TYPES).struct('nothing', 'thing');
    expect(thing.offset(['newer', 'renamed'])).toBe(8);
    expect(thing.has('newer')).toBe(false);
    expect(() => thing.word(0x1000n, ['newer', 'newest'])).toThrow(LayoutError);
    expect(() => thing.word(0x1000n, ['newer', 'newest'])).toThrow('thing.newer or newest');
    expect(() => objectsFrom('1000: 1', TYPES).struct('nothing')).toThrow(LayoutError);
  });
});

describe('per-CPU variables', () => {
  test('each possible CPU has its own, also where numbers are missing between them', () => {
    const objects = objectsFrom('1000: 5\n2000: ffff800000000000 1 ffff900000000000\n3000: 8', 'x 8: y 0 8', {
      __cpu_possible_mask: 0x1000n,
      nr_cpu_ids: 0x3000n,
      __per_cpu_offset: 0x2000n,
      counter: 0x40n,
    });
    expect(objects.perCpu.cpus).toEqual([0, 2]);
    expect(objects.perCpu.symbol('counter', 2)).toBe(0xffff900000000040n);
    expect(objects.perCpu.pointer(0xffffffffffffffffn, 0)).toBe(0xffff7fffffffffffn);
  });
});
