import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Host } from '../../src/native/host.ts';
import { parseIomem } from '../../src/native/iomem.ts';
import { type Device, openDevice } from '../../src/sources/dev-mem.ts';

const folder = mkdtempSync(join(tmpdir(), 'structpage-mem-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A sparse file in the place of /dev/mem: the byte at the start of each page is its pfn modulo 251, plus 1. */
const path = join(folder, 'mem');
const SIZE = 200 * 2 ** 20;
const fd = openSync(path, 'w');
ftruncateSync(fd, SIZE);
for (const pfn of [1, 2, 256, 300, 16383, 16384, 40000, 51199])
  writeSync(fd, Uint8Array.of((pfn % 251) + 1), 0, 1, pfn * 4096);
closeSync(fd);

const host: Host = {
  release: '6.12',
  root: true,
  rawIo: true,
  kcore: true,
  lockdown: 'none',
  strictDevmem: 'n',
  iomem: parseIomem(
    '00001000-0009fbff : System RAM\n000a0000-000bffff : PCI Bus 0000:00\n00100000-0c7fffff : System RAM\nfee00000-fee00fff : Local APIC\n',
  ),
  vmcoreinfo: undefined,
  brokenMemory: false,
};
const device: Device = { path, chunk: 4096, methods: ['mmap', 'read'] };

describe.each(['mmap', 'read'] as const)('memory of a device by %s', (method) => {
  const image = openDevice(device, host, method);
  afterAll(() => image.close());

  test('RAM is read, over windows too', () => {
    const bytes = new Uint8Array(3 * 4096);
    expect(image.memory.readInto(16383 * 4096, bytes)).toBe(bytes.length);
    expect([bytes[0], bytes[4096], bytes[8192]]).toEqual([(16383 % 251) + 1, (16384 % 251) + 1, 0]);
    expect(image.memory.readInto(51199 * 4096, bytes)).toBe(4096);
    expect(bytes[0]).toBe((51199 % 251) + 1);
  });

  test('what is no RAM is never read, and says why', () => {
    const bytes = new Uint8Array(8);
    for (const [address, why] of [
      [0xa0000, /PCI Bus.*structpage never does/],
      [0xfee00000, /Local APIC/],
      [0x620000000000, /beyond the end of RAM/],
      [0x9f800, /partly System RAM/],
      [0xd0000, /hole/],
      [0x10, /hole/],
    ] as const) {
      expect(image.memory.readInto(address, bytes)).toBe(0);
      const run = image.memory.runAt(address);
      expect(run.state).toBe('hole');
      expect(run.why).toMatch(why);
    }
  });
});

test('a device that hides the first MiB behind zeros is not believed there', () => {
  const iomem = parseIomem('00003000-0009ffff : System RAM\n00100000-0c7fffff : System RAM\n');
  const image = openDevice(device, { ...host, iomem }, 'read');
  expect(image.memory.runAt(0x4000)).toMatchObject({ state: 'unreadable', end: 0xa0000 });
  expect(image.memory.readInto(0x4000, new Uint8Array(4))).toBe(0);
  image.close();
});

test('broken memory is not mapped', () => {
  const image = openDevice(device, { ...host, brokenMemory: true });
  expect(image.format).toContain('by read');
  expect(image.warnings.join()).toContain('HardwareCorrupted');
  image.close();
});

test('without a map of RAM nothing is touched', () => {
  expect(() => openDevice(device, { ...host, iomem: [] })).toThrow(/nothing of .* may be touched/);
  expect(() => openDevice({ ...device, path: join(folder, 'none') }, host)).toThrow(/there is no/);
});
