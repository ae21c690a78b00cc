import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as zlib from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesSource } from '../../src/core/bytes.ts';
import { FormatError, UnsupportedError } from '../../src/core/errors.ts';
import { Btf } from '../../src/formats/btf/btf.ts';
import { extractLayoutFile } from '../../src/inspector/extract-layout.ts';
import { parseLayout } from '../../src/layout/from-json.ts';
import { formatLayout } from '../../src/layout/layout-file.ts';
import { readKernelFile } from '../../src/layout/vmlinux.ts';
import { inflateSection } from '../../src/sources/inflate-section.ts';
import { btfBytes } from '../builders/btf.ts';
import { bzImageBytes, noteBytes, vmlinuxBytes } from '../builders/vmlinux.ts';

const BTF = btfBytes('struct page 64\nenum pageflags 4\n  PG_locked 0');
const BUILD_ID = '0123456789abcdef0123456789abcdef01234567';
const VMLINUX = vmlinuxBytes({
  '.rodata': Buffer.from(
    '\0%s version %s\0Linux version %s (%s)\0Linux version 6.12.1-test (build@host) #1\0',
    'latin1',
  ),
  '.notes': Buffer.concat([
    noteBytes('Xen', 6, Buffer.from('linux')),
    noteBytes('GNU', 3, Buffer.from(BUILD_ID, 'hex')),
  ]),
  '.BTF': BTF,
});

function read(bytes: Uint8Array): ReturnType<typeof readKernelFile> {
  return readKernelFile(bytesSource(bytes, 'test'), inflateSection);
}

test('vmlinux has everything', async () => {
  const file = await read(VMLINUX);
  expect(file).toMatchObject({ kind: 'vmlinux', release: '6.12.1-test', buildId: BUILD_ID });
  expect(Buffer.from(file.btf)).toEqual(Buffer.from(BTF));
});

test('the layout file that is made of it is one that can be read', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'structpage-test-'));
  const path = join(dir, 'vmlinux');
  writeFileSync(path, VMLINUX);
  try {
    const file = await extractLayoutFile(path);
    expect(parseLayout(formatLayout(file), 'test').kernels[0]).toMatchObject({
      release: '6.12.1-test',
      package: 'unknown',
      version: 'unknown',
    });
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test('vmlinux that lost all but its types', async () => {
  expect(await read(vmlinuxBytes({ '.BTF': BTF }))).toMatchObject({ release: undefined, buildId: undefined });
});

test('vmlinux of a big-endian machine', async () => {
  const bytes = vmlinuxBytes({ '.BTF': btfBytes('struct page 64', { bigEndian: true }) }, true);
  expect((await read(bytes)).btf.length).toBeGreaterThan(0);
});

test('vmlinux without BTF', async () => {
  await expect(read(vmlinuxBytes({ '.text': BTF }))).rejects.toThrow(
    /with neither a section \.BTF nor \.debug_info/,
  );
});

test.each([false, true])('raw BTF, big endian %s', async (bigEndian) => {
  const bytes = btfBytes('struct page 64', { bigEndian });
  const file = await read(Buffer.concat([bytes, Buffer.alloc(100)]));
  expect(file).toMatchObject({ kind: 'btf', release: undefined });
  expect(file.btf.length).toBe(bytes.length);
});

describe('a bzImage', () => {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(VMLINUX.length);

  test('gzip', async () => {
    expect(await read(bzImageBytes(zlib.gzipSync(VMLINUX)))).toMatchObject({
      kind: 'bzImage',
      release: '6.12.1-test',
    });
  });

  test('not compressed', async () => {
    expect((await read(bzImageBytes(VMLINUX))).buildId).toBe(BUILD_ID);
  });

  test('zstd', async () => {
    // a frame of one segment with its size in 4 bytes, and one raw block, the last
    const head = Buffer.from('28b52ffda000000000000000', 'hex');
    head.writeUInt32LE(VMLINUX.length, 5);
    head.writeUIntLE((VMLINUX.length << 3) | 1, 9, 3);
    expect((await read(bzImageBytes(Buffer.concat([head, VMLINUX, size])))).buildId).toBe(BUILD_ID);
  });

  test('lz4', async () => {
    // one block of literals only
    const more = VMLINUX.length - 15;
    const literals = Buffer.from([0xf0, ...Array(Math.floor(more / 255)).fill(255), more % 255]);
    const head = Buffer.from('02214c1800000000', 'hex');
    head.writeUInt32LE(literals.length + VMLINUX.length, 4);
    expect((await read(bzImageBytes(Buffer.concat([head, literals, VMLINUX, size])))).buildId).toBe(BUILD_ID);
    await expect(read(bzImageBytes(Buffer.concat([head, VMLINUX, size])))).rejects.toThrow(/damaged block/);
  });

  test.each(['\xfd7zXZ\0', 'BZh91AY'])('a compression that cannot be undone', async (magic) => {
    const bytes = bzImageBytes(Buffer.from(magic.padEnd(100), 'latin1'));
    await expect(read(bytes)).rejects.toThrow(UnsupportedError);
    await expect(read(bytes)).rejects.toThrow(/extract-vmlinux/);
  });

  test('damage', async () => {
    const good = bzImageBytes(zlib.gzipSync(VMLINUX));
    await expect(read(good.subarray(0, good.length - 10))).rejects.toThrow(/expected a compressed kernel of/);
    const flipped = good.slice();
    flipped.fill(0xff, good.length - 60, good.length - 40);
    await expect(read(flipped)).rejects.toThrow(FormatError);
    await expect(read(bzImageBytes(Buffer.from('nothing known')))).rejects.toThrow(/found bytes 6e6f7468/);
  });
});

describe('an image that is not compressed', () => {
  const pad = 'struct padding 8\n'.repeat(24_000);
  const note = noteBytes('GNU', 3, Buffer.from(BUILD_ID, 'hex'));
  const image = (magic: string): Buffer =>
    Buffer.concat([
      Buffer.from(`MZ${'\0'.repeat(54)}${magic}`, 'latin1'),
      Buffer.from('\0Linux version 6.12.1-test (build@host) #1\0\x9f\xeb\x01 by chance', 'latin1'),
      vmlinuxBytes({ '.note': noteBytes('GNU', 3, Buffer.alloc(20, 0xdd)) }),
      note,
      btfBytes(`${pad}struct page 64`),
      Buffer.alloc(4096),
    ]);

  test.each([
    ['ARM\x64', 183],
    ['RSC\x05', 243],
    ['\xcd\x23\x82\x81', 258],
    ['none', undefined],
  ])('of the boot header %j', async (magic, machine) => {
    const file = await read(image(magic));
    expect(file).toMatchObject({ kind: 'Image', release: '6.12.1-test', buildId: BUILD_ID, machine });
    expect(Btf.parse(file.btf, 'test').structSize('page')).toBe(64);
  });

  test('cut off within its types', async () => {
    await expect(read(image('ARM\x64').subarray(0, 200_000))).rejects.toThrow(/neither vmlinux/);
  });
});

test('any other file', async () => {
  await expect(read(new Uint8Array(0))).rejects.toThrow(UnsupportedError);
  await expect(read(Buffer.from('#!/bin/sh\n'))).rejects.toThrow(/neither vmlinux/);
});

test('damaged files give a result, a FormatError or an UnsupportedError', async () => {
  const changes = fc.array(fc.tuple(fc.nat(VMLINUX.length - 1), fc.nat(255)), {
    minLength: 1,
    maxLength: 10,
  });
  await fc.assert(
    fc.asyncProperty(changes, fc.nat(VMLINUX.length), async (list, length) => {
      const bytes = VMLINUX.slice();
      for (const [at, value] of list) bytes[at] = value;
      for (const part of [bytes, bytes.subarray(0, length)]) {
        try {
          await read(part);
        } catch (error) {
          expect(error instanceof FormatError || error instanceof UnsupportedError, String(error)).toBe(true);
        }
      }
    }),
    { numRuns: 500 },
  );
});
