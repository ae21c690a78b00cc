import { openSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bytesSource } from '../../src/core/bytes.ts';
import { fdSource } from '../../src/sources/fd-source.ts';
import { openFile } from '../../src/sources/file-source.ts';
import type { OpenImage } from '../../src/sources/image-format.ts';
import { openImage, openImages } from '../../src/sources/open-image.ts';
import type { Codec } from '../builders/compress.ts';
import { buildKdump } from '../builders/kdump.ts';

/** A folder with the uncompressed corpus; without it these tests are skipped. */
const corpus = process.env.STRUCTPAGE_CORPUS;
const folder = join(corpus ?? '', 'x86_64-6.12.107-kdump');
const ELF = join(folder, 'vmcore.filtered-elf-d31');
const LZO = join(folder, 'vmcore.kdump-lzo-d31');

/** Holds each page that both have against the other; how many there were. */
function compare(a: OpenImage, b: OpenImage): { same: number; different: number } {
  const [x, y] = [new Uint8Array(4096), new Uint8Array(4096)];
  let same = 0;
  let different = 0;
  for (const run of b.memory.runs) {
    if (run.state !== 'present') continue;
    for (let at = run.start; at + 4096 <= run.end; at += 4096) {
      if (a.memory.readInto(at, x) < 4096 || b.memory.readInto(at, y) < 4096) continue;
      if (Buffer.compare(x, y) === 0) same++;
      else different++;
    }
  }
  return { same, different };
}

describe.skipIf(!corpus)('a production dump', { timeout: 120_000 }, () => {
  it('has the same pages as ELF and as kdump with LZO', async () => {
    const [a, b] = [await openImage(openFile(ELF)), await openImage(openFile(LZO))];
    expect(b.warnings).toEqual([]);
    const { same, different } = compare(a, b);
    expect(different).toBe(0);
    expect(same).toBeGreaterThan(17_000);
  });

  it.each<Codec>(['snappy', 'zstd', 'zlib'])('packed anew with %s has the same pages', async (codec) => {
    const whole = await openImage(openFile(LZO));
    const lines: string[] = [];
    for (const run of whole.memory.runs) {
      const [first, last] = [run.start / 4096, run.end / 4096 - 1].map((pfn) => pfn.toString(16));
      lines.push(`${first}-${last} ${run.state === 'present' ? 'ram' : 'excluded'}`);
    }
    const content = (pfn: number): Uint8Array => {
      const page = new Uint8Array(4096);
      expect(whole.memory.readInto(pfn * 4096, page)).toBe(4096);
      return page;
    };
    const file = await buildKdump({ pages: lines.join('\n'), codec, content });
    const image = await openImage(bytesSource(file, codec));
    expect(image.warnings).toEqual([]);
    expect([...image.memory.runs]).toEqual([...whole.memory.runs]);
    const { same, different } = compare(whole, image);
    expect(different).toBe(0);
    expect(same).toBeGreaterThan(17_000);
  });

  it('cut off at any 16th gives what is before the cut', async () => {
    const whole = await openImage(openFile(LZO));
    const size = statSync(LZO).size;
    let before = 0;
    for (let i = 1; i <= 16; i++) {
      const source = fdSource(openSync(LZO, 'r'), LZO, Math.floor((size * i) / 16));
      const { readInto } = source;
      const cut = {
        ...source,
        readInto: (offset: number, target: Uint8Array) =>
          readInto(
            offset,
            target.subarray(0, Math.max(0, Math.min(target.length, source.byteLength - offset))),
          ),
      };
      const image = await openImages([cut]);
      const { same, different } = compare(whole, image);
      expect(different).toBe(0);
      expect(same).toBeGreaterThan(before);
      before = same;
      image.close();
    }
  });
});
