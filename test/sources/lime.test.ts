import { describe, expect, it } from 'vitest';
import { crc32c } from '../../src/formats/compression/crc32c.ts';
import { buildAvml, buildLime } from '../builders/lime.ts';
import { checkRuns, openBytes, pagesOf } from './open-bytes.ts';

const RANGES = '1-3\n8-1f\n22-22';
const EXPECTED = '.===....========================..=.';

describe.each([
  ['LiME', buildLime],
  ['AVML', buildAvml],
] as const)('%s', (name, build) => {
  it('reads every range', async () => {
    const image = await openBytes(build(RANGES));
    expect(image.format).toBe(name);
    expect(image.warnings).toEqual([]);
    expect(pagesOf(image, 36)).toBe(EXPECTED);
    checkRuns(image);
    expect(Object.fromEntries(image.details).ranges).toBe('3');
  });

  it('takes ranges in any order', async () => {
    expect(pagesOf(await openBytes(build('22-22\n8-1f\n1-3')), 36)).toBe(EXPECTED);
  });

  it('gives what is before the place where it is cut off', async () => {
    const file = build(RANGES);
    for (let i = 1; i < 64; i++) {
      const cut = file.subarray(0, Math.floor((file.length * i) / 64));
      const image = await openBytes(cut);
      const pages = pagesOf(image, 36);
      expect(pages).not.toMatch(/[!0]/);
      expect(image.warnings.length).toBe(1);
      checkRuns(image);
    }
  });

  it('loses only what is behind a damaged range header', async () => {
    const file = build(RANGES).slice();
    const second = Buffer.from(file).indexOf(file.subarray(0, 4), 8);
    file[second + 23] = 0xff;
    const image = await openBytes(file);
    expect(image.warnings[0]).toContain(`damaged at offset ${second}`);
    expect(pagesOf(image, 36)).toBe(`.===${'.'.repeat(32)}`);
  });

  it.each([31, 512, 200_000])('tells the end of a longer disk (%i zeros) from damage', async (zeros) => {
    const file = build(RANGES);
    const image = await openBytes(Buffer.concat([file, new Uint8Array(zeros)]));
    expect(pagesOf(image, 36)).toBe(EXPECTED);
    expect(image.warnings.length).toBe(1);
    expect(image.warnings[0]).toContain(`ends at offset ${file.length}, follow zeros`);
    expect(image.warnings[0]).toContain('probably the end of a disk that is longer');
    expect(image.warnings[0]).not.toContain('damaged');
  });

  it('calls zeros with something behind them damaged', async () => {
    const file = build(RANGES);
    const image = await openBytes(Buffer.concat([file, new Uint8Array(4096), file]));
    expect(image.warnings).toEqual([expect.stringContaining(`damaged at offset ${file.length}`)]);
    expect(pagesOf(image, 36)).toBe(EXPECTED);
  });

  it('refuses a file with nothing but a damaged header', async () => {
    const file = build('1-1').slice();
    file[4] = 9;
    await expect(openBytes(file)).rejects.toThrow('range header of version');
  });
});

describe('AVML', () => {
  it('reads chunks that are not compressed', async () => {
    expect(pagesOf(await openBytes(buildAvml('1-3 plain\n8-1f plain\n22-22')), 36)).toBe(EXPECTED);
  });

  it('notices every damaged chunk by its checksum', async () => {
    const file = buildAvml('0-20');
    const start = 32 + 10 + 8;
    for (let bit = start * 8; bit < start * 8 + 4000; bit += 13) {
      const bad = file.slice();
      bad[bit >> 3]! ^= 1 << (bit & 7);
      expect(pagesOf(await openBytes(bad), 33)).not.toMatch(/[!0]/);
    }
  });
});

describe('crc32c', () => {
  it('gives the sums of RFC 3720, B.4', () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
  });
});
