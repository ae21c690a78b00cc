import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeLz4 } from '../../src/formats/compression/lz4.ts';
import { decodeLzo1x } from '../../src/formats/compression/lzo1x.ts';
import { decodeSnappy } from '../../src/formats/compression/snappy.ts';
import { loadZstd } from '../../src/formats/compression/zstd.ts';
import { encodeLzo1x, encodeSnappy } from '../builders/compress.ts';
import { pageContent } from '../builders/content.ts';

const zstd = await loadZstd();
const DECODERS = { lzo: decodeLzo1x, snappy: decodeSnappy, lz4: decodeLz4, zstd };

/** Bytes that repeat themselves at every distance that the codecs tell apart. */
const repetitive = fc
  .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.nat(6)), { maxLength: 40 })
  .map((parts) =>
    Uint8Array.from(parts.flatMap(([bytes, n]) => Array.from({ length: n + 1 }, () => [...bytes]).flat())),
  );

describe.each([
  ['lzo', encodeLzo1x, decodeLzo1x],
  ['snappy', encodeSnappy, decodeSnappy],
] as const)('%s', (_, encode, decode) => {
  it('gives back what was packed', () => {
    fc.assert(
      fc.property(repetitive, (bytes) => {
        fc.pre(bytes.length > 0);
        const out = new Uint8Array(bytes.length);
        expect(decode(encode(bytes), out)).toBe(bytes.length);
        expect(out).toEqual(bytes);
      }),
    );
  });

  it('reaches far back', () => {
    const noise = Uint8Array.from({ length: 60000 }, (_v, i) => Math.imul(i * i + 7, 2654435761) >>> 24);
    const bytes = new Uint8Array(90000);
    bytes.set(noise);
    bytes.set(noise.subarray(20000, 21000), 60000);
    bytes.set(noise.subarray(45000, 47000), 61000);
    const out = new Uint8Array(bytes.length);
    expect(decode(encode(bytes), out)).toBe(bytes.length);
    expect(Buffer.compare(out, bytes)).toBe(0);
  });

  it('does not write beyond the buffer it was given', () => {
    const packed = encode(pageContent(3));
    for (const size of [0, 1, 100, 4095]) {
      const memory = new Uint8Array(8192).fill(0x55);
      expect(decode(packed, memory.subarray(0, size))).toBe(-1);
      expect(memory.subarray(size).every((b) => b === 0x55)).toBe(true);
    }
  });

  it('notices every truncation', () => {
    const packed = encode(pageContent(9));
    for (let n = 0; n < packed.length; n++) {
      expect(decode(packed.subarray(0, n), new Uint8Array(4096))).toBe(-1);
    }
  });
});

describe('any decoder', () => {
  it.each(Object.entries(DECODERS))('%s takes any bytes', (_, decode) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(5000), (bytes, size) => {
        const memory = new Uint8Array(size + 64).fill(0x55);
        const got = decode(bytes, memory.subarray(0, size));
        expect(got).toBeGreaterThanOrEqual(-1);
        expect(got).toBeLessThanOrEqual(size);
        expect(memory.subarray(size).every((b) => b === 0x55)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['lzo', decodeLzo1x, encodeLzo1x],
    ['snappy', decodeSnappy, encodeSnappy],
  ] as const)('%s takes flipped bits', (_, decode, encode) => {
    const packed = encode(pageContent(1));
    for (let bit = 0; bit < packed.length * 8; bit++) {
      const bad = packed.slice();
      bad[bit >> 3]! ^= 1 << (bit & 7);
      const got = decode(bad, new Uint8Array(4096));
      expect(got).toBeLessThanOrEqual(4096);
    }
  });
});

describe('lz4', () => {
  it('decodes literals and overlapping matches', () => {
    // token 0x17: 1 literal, match of 4 + 7 at distance 1; then 5 literals
    const packed = Uint8Array.from([0x17, 65, 1, 0, 0x50, 1, 2, 3, 4, 5]);
    const out = new Uint8Array(17);
    expect(decodeLz4(packed, out)).toBe(17);
    expect([...out]).toEqual([...new Array(12).fill(65), 1, 2, 3, 4, 5]);
  });
});
