import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { StructPageError } from '../../src/core/errors.ts';
import type { Codec } from '../builders/compress.ts';
import { buildElf } from '../builders/elf.ts';
import { flattenWhole } from '../builders/flattened.ts';
import { buildKdump } from '../builders/kdump.ts';
import { openBytes, pagesOf } from './open-bytes.ts';

const PAGES = '0-5 ram\n6 zero\n7-8 excluded\n9-b ram\nc zero\nd-12 ram\n14-1f ram';
const COUNT = 0x22;
const kdump = (codec: Codec): Promise<Uint8Array> => buildKdump({ pages: PAGES, codec });
const elf = (): Uint8Array => buildElf({ loads: '0-5fff\n9000-bfff mem=4000\n14000-1ffff' });

/** Opens a damaged file: what each page is, or `error` for an error of ours. Anything else fails the test. */
async function look(file: Uint8Array): Promise<string> {
  try {
    const image = await openBytes(file);
    const pages = pagesOf(image, COUNT);
    image.close();
    return pages;
  } catch (error) {
    if (error instanceof StructPageError) return 'error';
    throw error;
  }
}

/** Pages of `got` that are shown although they are not what they should be. */
function wrong(got: string, whole: string): string[] {
  if (got === 'error') return [];
  return [...got].flatMap((c, i) =>
    (c === '!' || c === '0' || c === '=') && c !== whole[i] ? [`${i.toString(16)}${c}`] : [],
  );
}

const FILES: [string, () => Promise<Uint8Array>][] = [
  ['kdump zlib', () => kdump('zlib')],
  ['kdump LZO', () => kdump('lzo')],
  ['kdump snappy', () => kdump('snappy')],
  ['kdump zstd', () => kdump('zstd')],
  ['kdump uncompressed', () => kdump('none')],
  ['flattened kdump', async () => flattenWhole(await kdump('zlib'))],
  ['flattened ELF', async () => flattenWhole(elf())],
  ['ELF', async () => elf()],
  ['gzip around ELF', async () => gzipSync(elf())],
];

describe.each(FILES)('%s, cut off', (_, build) => {
  it('at each 64th gives what is before the cut and nothing wrong', async () => {
    const file = await build();
    const whole = await look(file);
    let best = 0;
    for (let i = 1; i < 64; i++) {
      const got = await look(file.subarray(0, Math.floor((file.length * i) / 64)));
      expect(wrong(got, whole)).toEqual([]);
      if (got === 'error') continue;
      // the states of what is gone are not those of what was never there
      for (const [pfn, c] of [...whole].entries()) {
        if (c === '=' && got[pfn] !== '=') expect('td.').toContain(got[pfn]);
      }
      best = Math.max(best, [...got].filter((c) => c === '=').length);
    }
    expect(best).toBeGreaterThan(0);
  });
});

/** Flips single bits in `[from, to)`, every `step`th, and counts the pages shown wrong. */
async function flips(
  file: Uint8Array,
  whole: string,
  from: number,
  to: number,
  step: number,
): Promise<string[]> {
  const bad: string[] = [];
  for (let bit = from * 8; bit < to * 8; bit += step) {
    const damaged = file.slice();
    damaged[bit >> 3]! ^= 1 << (bit & 7);
    for (const page of wrong(await look(damaged), whole)) bad.push(`bit ${bit}: ${page}`);
  }
  return bad;
}

describe.each<Codec>(['zlib', 'lzo', 'snappy', 'zstd', 'none'])('kdump %s with flipped bits', (codec) => {
  it('in the main header shows no wrong page', async () => {
    const file = await kdump(codec);
    const whole = await look(file);
    expect(await flips(file, whole, 0, 12, 1)).toEqual([]);
    expect(await flips(file, whole, 400, 464, 1)).toEqual([]);
  });

  it('in the sub-header shows no wrong page', async () => {
    const file = await kdump(codec);
    expect(await flips(file, await look(file), 4096, 4096 + 104, 3)).toEqual([]);
  });

  it('in the bitmaps shows no wrong page', async () => {
    const file = await kdump(codec);
    const whole = await look(file);
    expect(await flips(file, whole, 8192, 8192 + 5, 1)).toEqual([]);
    expect(await flips(file, whole, 12288, 12288 + 5, 1)).toEqual([]);
  });

  it('in the descriptors shows no wrong page', async () => {
    const file = await kdump(codec);
    const count = [...(await look(file))].filter((c) => c === '=' || c === '0').length;
    expect(await flips(file, await look(file), 16384, 16384 + 24 * count, 3)).toEqual([]);
  });
});

describe('kdump zlib with flipped bits', () => {
  it('in the data shows no wrong page, since zlib keeps a sum', async () => {
    const file = await kdump('zlib');
    expect(await flips(file, await look(file), 16384 + 24 * 29, file.length, 31)).toEqual([]);
  });
});
