import zlib, { deflateSync } from 'node:zlib';
import { loadZstd } from '../../src/formats/compression/zstd.ts';

export type Codec = 'none' | 'zlib' | 'lzo' | 'snappy' | 'zstd';

/** Compresses a page as makedumpfile would. */
export async function compress(bytes: Uint8Array, codec: Codec): Promise<Uint8Array> {
  switch (codec) {
    case 'none':
      return bytes;
    case 'zlib':
      return deflateSync(bytes, { level: 1 });
    case 'lzo':
      return encodeLzo1x(bytes);
    case 'snappy':
      return encodeSnappy(bytes);
    case 'zstd': {
      const native = (zlib as { zstdCompressSync?(bytes: Uint8Array): Uint8Array }).zstdCompressSync;
      if (native) return native(bytes);
      await loadZstd(); // initialises the package, which must be done only once
      const zstd = await import('@bokuweb/zstd-wasm');
      return zstd.compress(bytes, 1);
    }
  }
}

/** A match of at least `least` bytes at `at`, not farther back than `reach`. */
function findMatch(
  bytes: Uint8Array,
  at: number,
  table: Map<number, number>,
  least: number,
  reach: number,
): { distance: number; length: number } | undefined {
  if (at + 4 > bytes.length) return undefined;
  const key = (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
  const from = table.get(key);
  table.set(key, at);
  if (from === undefined || at - from > reach) return undefined;
  let length = 0;
  while (at + length < bytes.length && bytes[from + length] === bytes[at + length]) length++;
  return length >= least ? { distance: at - from, length } : undefined;
}

function sequences(bytes: Uint8Array, least: number, reach: number) {
  const table = new Map<number, number>();
  const out: { literals: Uint8Array; distance: number; length: number }[] = [];
  let start = 0;
  let at = 0;
  while (at < bytes.length) {
    const match = at === 0 ? undefined : findMatch(bytes, at, table, least, reach);
    if (!match) {
      at++;
      continue;
    }
    out.push({ literals: bytes.subarray(start, at), ...match });
    at += match.length;
    start = at;
  }
  out.push({ literals: bytes.subarray(start), distance: 0, length: 0 });
  return out;
}

function longLength(out: number[], length: number, field: number): void {
  let rest = length - field;
  for (; rest > 255; rest -= 255) out.push(0);
  out.push(rest);
}

/** A greedy LZO1X encoder that uses every kind of match; it is no faster nor denser than a test needs. */
export function encodeLzo1x(bytes: Uint8Array): Uint8Array {
  const out: number[] = [];
  /** Where the two low bits that count trailing literals are. */
  let tail = -1;
  for (const { literals, distance, length } of sequences(bytes, 4, 49151)) {
    const n = literals.length;
    if (n > 0) {
      if (out.length === 0 && n <= 238) out.push(17 + n);
      else if (n <= 3 && tail >= 0) out[tail]! |= n;
      else if (n <= 18) out.push(n - 3);
      else {
        out.push(0);
        longLength(out, n - 3, 15);
      }
      out.push(...literals);
    }
    if (length === 0) break;
    if (length <= 8 && distance <= 2048) {
      const d = distance - 1;
      out.push(
        length <= 4 ? 64 | ((length - 3) << 5) | ((d & 7) << 2) : ((length - 1) << 5) | ((d & 7) << 2),
      );
      tail = out.length - 1;
      out.push(d >> 3);
    } else {
      const near = distance <= 16384;
      const field = near ? 31 : 7;
      const d = near ? distance - 1 : distance - 16384;
      const code = near ? 32 : 16 | ((d >> 14) << 3);
      if (length - 2 <= field) out.push(code | (length - 2));
      else {
        out.push(code);
        longLength(out, length - 2, field);
      }
      tail = out.length;
      out.push((d << 2) & 0xff, (d >> 6) & 0xff);
    }
  }
  out.push(17, 0, 0);
  return Uint8Array.from(out);
}

/** A greedy encoder of raw snappy blocks. */
export function encodeSnappy(bytes: Uint8Array): Uint8Array {
  const out: number[] = [];
  for (let n = bytes.length; ; n >>>= 7) {
    if (n < 128) {
      out.push(n);
      break;
    }
    out.push((n & 127) | 128);
  }
  for (const { literals, distance, length } of sequences(bytes, 4, 0xffffffff)) {
    const n = literals.length;
    if (n > 60) out.push(61 << 2, (n - 1) & 255, (n - 1) >> 8);
    else if (n > 0) out.push((n - 1) << 2);
    out.push(...literals);
    for (let left = length; left > 0; ) {
      const part = Math.min(left, 64);
      if (part >= 4 && part <= 11 && distance < 2048) {
        out.push(1 | ((part - 4) << 2) | ((distance >> 8) << 5), distance & 255);
      } else if (distance < 65536) out.push(2 | ((part - 1) << 2), distance & 255, distance >> 8);
      else {
        out.push(3 | ((part - 1) << 2));
        for (let i = 0; i < 4; i++) out.push((distance >>> (8 * i)) & 255);
      }
      left -= part;
    }
  }
  return Uint8Array.from(out);
}
