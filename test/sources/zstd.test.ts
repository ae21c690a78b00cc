import { createHash } from 'node:crypto';
import { expect, test, vi } from 'vitest';
import { byFzstd } from '../../src/sources/zstd.ts';

const MIB = 1 << 20;

/** Noise, zeros that push it far back, and the noise again: the second copy is a match across the zeros. */
function farMatches(): Uint8Array {
  const bytes = new Uint8Array(18 * MIB);
  const noise = Buffer.concat(
    Array.from({ length: 8192 }, (_, i) => createHash('sha512').update(`${i}`).digest()),
  );
  for (const at of [0, 6, 12, 17]) bytes.set(noise, at * MIB);
  return bytes;
}

test('the JavaScript decoder does not move a large window for each block', async () => {
  const wasm = await import('@bokuweb/zstd-wasm');
  await wasm.init();
  const plain = farMatches();
  const frame = wasm.compress(plain, 19);
  // at least one of the four copies is a match
  expect(frame.length).toBeLessThan(2 * MIB);
  let moved = 0;
  const native = Uint8Array.prototype.copyWithin;
  const spy = vi.spyOn(Uint8Array.prototype, 'copyWithin').mockImplementation(function (
    this: Uint8Array,
    to: number,
    from: number,
    end = this.length,
  ) {
    moved += Math.max(0, Math.min(this.length - to, end - from));
    return native.call(this, to, from, end);
  });
  const parts: Uint8Array[] = [];
  const chunks = Array.from({ length: Math.ceil(frame.length / 65536) }, (_, i) =>
    frame.subarray(i * 65536, (i + 1) * 65536),
  );
  try {
    await byFzstd(chunks, (bytes) => {
      parts.push(bytes.slice());
    });
  } finally {
    spy.mockRestore();
  }
  expect(Buffer.concat(parts).equals(plain)).toBe(true);
  // by itself fzstd moves the 18 MiB of the window for each of 144 blocks
  expect(moved).toBeLessThan(8 * plain.length);
});
