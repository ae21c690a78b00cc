import { describe, expect, it } from 'vitest';
import { buildHibernation } from '../builders/hibernation.ts';
import { checkRuns, openBytes, pagesOf } from './open-bytes.ts';

const PFNS = Array.from({ length: 600 }, (_, i) => i * 2 + (i > 300 ? 1 : 0));
const EXPECTED = Array.from({ length: 1210 }, (_, i) => (PFNS.includes(i) ? '=' : '.')).join('');

describe.each(['none', 'lzo', 'lz4'] as const)('hibernation image, compression %s', (codec) => {
  it('gives the pages that were in use', async () => {
    const image = await openBytes(buildHibernation(PFNS, codec));
    expect(image.format).toBe('hibernation image');
    expect(image.warnings).toEqual([]);
    expect(image.machine).toBe(62);
    expect(pagesOf(image, 1210)).toBe(EXPECTED);
    checkRuns(image);
  });

  it('has pages of zeros without data', async () => {
    expect(pagesOf(await openBytes(buildHibernation([3, 5, 8], codec, [4, 6])), 10)).toBe('...=0=0.=.');
  });

  it('is cut off anywhere without harm', async () => {
    const file = buildHibernation(PFNS.slice(0, 200), codec);
    for (let i = 1; i < 64; i++) {
      const image = await openBytes(file.subarray(0, Math.floor((file.length * i) / 64))).catch(
        (e: Error) => e,
      );
      if (image instanceof Error) expect(image.name).toBe('FormatError');
      else expect(pagesOf(image, 400)).toMatch(/^[=.td]+$/);
    }
  });
});

describe('a damaged hibernation image', () => {
  it('whose map leads back to itself comes to an end', async () => {
    const file = buildHibernation(PFNS, 'none');
    new DataView(file.buffer).setBigUint64(2 * 4096 - 8, 1n, true);
    const image = await openBytes(file);
    expect(image.warnings[0]).toContain('comes back to page 1');
  });

  it('in a swap file is told to need the disk', async () => {
    const file = buildHibernation(PFNS, 'none');
    new DataView(file.buffer).setBigUint64(4064, 123456789n, true);
    await expect(openBytes(file)).rejects.toThrow('swap file needs the disk');
  });
});
