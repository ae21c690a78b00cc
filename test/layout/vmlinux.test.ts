import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as zlib from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesSource } from '../../src/core/bytes.ts';
import { FormatError, UnsupportedError } from '../../src/core/errors.ts';
import { extractLayoutFile } from '../../src/inspector/extract-layout.ts';
import { parseLayout } from '../../src/layout/from-json.ts';
import { formatLayout } from '../../src/layout/layout-file.ts';
import { readKernelFile } from '../../src/layout/vmlinux.ts';
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
  return readKernelFile(bytesSource(bytes, 'test'));
}

test('vmlinux has everything', () => {
  const file = read(VMLINUX);
  expect(file).toMatchObject({ kind: 'vmlinux', release: '6.12.1-test', buildId: BUILD_ID });
  expect(Buffer.from(file.btf)).toEqual(Buffer.from(BTF));
});

test('the layout file that is made of it is one that can be read', () => {
  const dir = mkdtempSync(join(tmpdir(), 'structpage-test-'));
  const path = join(dir, 'vmlinux');
  writeFileSync(path, VMLINUX);
  try {
    const file = extractLayoutFile(path);
    expect(parseLayout(formatLayout(file), 'test').kernels[0]).toMatchObject({
      release: '6.12.1-test',
      package: 'unknown',
      version: 'unknown',
    });
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test('vmlinux that lost all but its types', () => {
  expect(read(vmlinuxBytes({ '.BTF': BTF }))).toMatchObject({ release: undefined, buildId: undefined });
});

test('vmlinux of a big-endian machine', () => {
  const bytes = vmlinuxBytes({ '.BTF': btfBytes('struct page 64', { bigEndian: true }) }, true);
  expect(read(bytes).btf.length).toBeGreaterThan(0);
});

test('vmlinux without BTF', () => {
  expect(() => read(vmlinuxBytes({ '.text': BTF }))).toThrow(/without a section \.BTF: a kernel built with/);
});

test.each([false, true])('raw BTF, big endian %s', (bigEndian) => {
  const bytes = btfBytes('struct page 64', { bigEndian });
  const file = read(Buffer.concat([bytes, Buffer.alloc(100)]));
  expect(file).toMatchObject({ kind: 'btf', release: undefined });
  expect(file.btf.length).toBe(bytes.length);
});

describe('a bzImage', () => {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(VMLINUX.length);

  test('gzip', () => {
    expect(read(bzImageBytes(zlib.gzipSync(VMLINUX)))).toMatchObject({
      kind: 'bzImage',
      release: '6.12.1-test',
    });
  });

  test('not compressed', () => {
    expect(read(bzImageBytes(VMLINUX)).buildId).toBe(BUILD_ID);
  });

  test('zstd', () => {
    // a frame of one segment with its size in 4 bytes, and one raw block, the last
    const head = Buffer.from('28b52ffda000000000000000', 'hex');
    head.writeUInt32LE(VMLINUX.length, 5);
    head.writeUIntLE((VMLINUX.length << 3) | 1, 9, 3);
    expect(read(bzImageBytes(Buffer.concat([head, VMLINUX, size]))).buildId).toBe(BUILD_ID);
  });

  test('lz4', () => {
    // one block of literals only
    const more = VMLINUX.length - 15;
    const literals = Buffer.from([0xf0, ...Array(Math.floor(more / 255)).fill(255), more % 255]);
    const head = Buffer.from('02214c1800000000', 'hex');
    head.writeUInt32LE(literals.length + VMLINUX.length, 4);
    expect(read(bzImageBytes(Buffer.concat([head, literals, VMLINUX, size]))).buildId).toBe(BUILD_ID);
    expect(() => read(bzImageBytes(Buffer.concat([head, VMLINUX, size])))).toThrow(/damaged block/);
  });

  test.each(['\xfd7zXZ\0', 'BZh91AY'])('a compression that cannot be undone', (magic) => {
    const bytes = bzImageBytes(Buffer.from(magic.padEnd(100), 'latin1'));
    expect(() => read(bytes)).toThrow(UnsupportedError);
    expect(() => read(bytes)).toThrow(/extract-vmlinux/);
  });

  test('damage', () => {
    const good = bzImageBytes(zlib.gzipSync(VMLINUX));
    expect(() => read(good.subarray(0, good.length - 10))).toThrow(/expected a compressed kernel of/);
    const flipped = good.slice();
    flipped.fill(0xff, good.length - 60, good.length - 40);
    expect(() => read(flipped)).toThrow(FormatError);
    expect(() => read(bzImageBytes(Buffer.from('nothing known')))).toThrow(/found bytes 6e6f7468/);
  });
});

test('any other file', () => {
  expect(() => read(new Uint8Array(0))).toThrow(UnsupportedError);
  expect(() => read(Buffer.from('#!/bin/sh\n'))).toThrow(/neither vmlinux/);
});

test('damaged files give a result, a FormatError or an UnsupportedError', () => {
  const changes = fc.array(fc.tuple(fc.nat(VMLINUX.length - 1), fc.nat(255)), {
    minLength: 1,
    maxLength: 10,
  });
  fc.assert(
    fc.property(changes, fc.nat(VMLINUX.length), (list, length) => {
      const bytes = VMLINUX.slice();
      for (const [at, value] of list) bytes[at] = value;
      for (const part of [bytes, bytes.subarray(0, length)]) {
        try {
          read(part);
        } catch (error) {
          expect(error instanceof FormatError || error instanceof UnsupportedError, String(error)).toBe(true);
        }
      }
    }),
    { numRuns: 500 },
  );
});
