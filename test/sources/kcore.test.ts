import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openKcore } from '../../src/sources/kcore.ts';
import { kcoreSegments } from '../../src/sources/kcore-segments.ts';

const folder = mkdtempSync(join(tmpdir(), 'structpage-kcore-'));
afterAll(() => rmSync(folder, { recursive: true }));

const NO_PADDR = 0xffffffffffffffffn;
const MIB = 2 ** 20;

interface Load {
  readonly type?: number;
  readonly offset: bigint;
  readonly virtual: bigint;
  readonly physical: bigint;
  readonly size: number;
}

/** Program headers as fs/proc/kcore.c writes them. */
function table(loads: readonly Load[]): Uint8Array {
  const bytes = new Uint8Array(loads.length * 56);
  const view = new DataView(bytes.buffer);
  for (const [i, load] of loads.entries()) {
    view.setUint32(i * 56, load.type ?? 1, true);
    view.setBigUint64(i * 56 + 8, load.offset, true);
    view.setBigUint64(i * 56 + 16, load.virtual, true);
    view.setBigUint64(i * 56 + 24, load.physical, true);
    view.setBigUint64(i * 56 + 32, BigInt(load.size), true);
    view.setBigUint64(i * 56 + 40, BigInt(load.size), true);
  }
  return bytes;
}

/** What a guest with 5-level page tables showed: offsets above 2^53. */
const REAL: readonly Load[] = [
  { type: 4, offset: 0x238n, virtual: 0n, physical: 0n, size: 0x1000 },
  {
    offset: 0xffffff81000000n + 0x3000n,
    virtual: 0xffffffff81000000n,
    physical: 0x1000000n,
    size: 44 * MIB,
  },
  {
    offset: 0xa0000000000000n + 0x3000n,
    virtual: 0xffa0000000000000n,
    physical: NO_PADDR,
    size: 12800 * 2 ** 40 - 4096,
  },
  {
    offset: 0x11000000001000n + 0x3000n,
    virtual: 0xff11000000001000n,
    physical: 0x1000n,
    size: 0x9e000,
  },
  { offset: 0xd4000000000000n + 0x3000n, virtual: 0xffd4000000000000n, physical: NO_PADDR, size: 0x3000 },
  {
    offset: 0x11000000100000n + 0x3000n,
    virtual: 0xff11000000100000n,
    physical: 0x100000n,
    size: 639 * MIB,
  },
  { offset: 0xd4000000004000n + 0x3000n, virtual: 0xffd4000000004000n, physical: NO_PADDR, size: 10 * MIB },
];

test('direct map, page array and the rest are told apart', () => {
  const { direct, vmemmap, notes } = kcoreSegments(table(REAL), 56);
  expect(direct.map((s) => s.physical)).toEqual([0x1000, 0x100000]);
  expect(vmemmap.map((s) => s.virtual)).toEqual([0xffd4000000000000n, 0xffd4000000004000n]);
  expect(direct[1]!.offset).toBe(0x11000000103000n);
  expect(notes).toEqual([{ offset: 0x238n, size: 0x1000 }]);
});

test('the kernel image, which arm64 maps a second time, is no second memory', () => {
  const linear = { virtual: 0xffff000000000000n, physical: 0x40000000n, size: 0x40000000, offset: 0x2000n };
  const image = { virtual: 0xffffcc846d010000n, physical: 0x40210000n, size: 0x24f0000, offset: 0x99000000n };
  const above = { virtual: 0xffff000100000000n, physical: 0x7ffff000n, size: 0x3000, offset: 0x50000000n };
  const { direct } = kcoreSegments(table([image, linear, above]), 56);
  expect(direct).toEqual([
    { ...linear, physical: 0x40000000 },
    { virtual: above.virtual + 0x1000n, physical: 0x80000000, size: 0x2000, offset: above.offset + 0x1000n },
  ]);
});

test('kernels that say no physical addresses have no direct map', () => {
  const old = REAL.map((load) => ({ ...load, physical: 0n }));
  expect(kcoreSegments(table(old), 56).direct).toEqual([]);
});

test('headers cut off anywhere give what is whole', () => {
  const bytes = table(REAL);
  for (let length = 0; length < bytes.length; length += 7)
    expect(kcoreSegments(bytes.subarray(0, length), 56).direct.length).toBeLessThanOrEqual(2);
});

test('a file like it is read by physical and by virtual address', () => {
  const path = join(folder, 'kcore');
  const loads: Load[] = [
    { offset: 0x1000n, virtual: 0xffff888000001000n, physical: 0x1000n, size: 0x40000 },
    { offset: 0x41000n, virtual: 0xffffea0000000000n, physical: NO_PADDR, size: 0x1000 },
  ];
  const bytes = new Uint8Array(0x42000);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  const view = new DataView(bytes.buffer);
  view.setUint16(16, 4, true);
  view.setUint16(18, 62, true);
  view.setBigUint64(32, 64n, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, loads.length, true);
  bytes.set(table(loads), 64);
  bytes.fill(7, 0x1000, 0x41000);
  bytes.fill(9, 0x41000);
  writeFileSync(path, bytes);
  const image = openKcore(path);
  const target = new Uint8Array(0x2000);
  expect(image.memory.readInto(0x3ff00 + 0x1000, target)).toBe(0x100);
  expect(target[0]).toBe(7);
  expect(image.memory.readInto(0, target)).toBe(0);
  expect(image.memory.runAt(0)).toMatchObject({ state: 'hole', end: 0x1000 });
  expect(image.memory.runAt(0x2000).state).toBe('present');
  expect(image.virtual!.readInto(0xffffea0000000800n, target)).toBe(0x800);
  expect(target[0]).toBe(9);
  expect(image.virtual!.readInto(0xffff888000001000n, target)).toBe(0);
  image.close();
  image.close();
});
