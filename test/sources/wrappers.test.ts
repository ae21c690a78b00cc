import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { openFile } from '../../src/sources/file-source.ts';
import { openImages } from '../../src/sources/open-image.ts';
import { buildElf } from '../builders/elf.ts';
import { flattenWhole } from '../builders/flattened.ts';
import { openBytes, pagesOf } from './open-bytes.ts';

// each made by the program whose name it bears, of what this builder makes
const elf = buildElf({ loads: '0-ffff\n20000-27fff' });
const EXPECTED = `${'='.repeat(16)}${'.'.repeat(16)}${'='.repeat(8)}.`;
const fixture = (name: string): Uint8Array => readFileSync(new URL(`fixtures/${name}`, import.meta.url));

describe.each([
  ['xz', 'small.elf.xz'],
  ['zstd', 'small.elf.zst'],
  ['bzip2', 'small.elf.bz2'],
  ['bzip2', 'small.two-streams.elf.bz2'],
])('%s (%s)', (name, file) => {
  it('is taken off', async () => {
    const image = await openBytes(fixture(file));
    expect(image.format).toBe(`ELF core, ${name}-compressed`);
    expect(image.warnings).toEqual([]);
    expect(pagesOf(image, 41)).toBe(EXPECTED);
  });

  it('gives what is before the place where it is cut off, or says so', async () => {
    const whole = fixture(file);
    for (let i = 1; i < 32; i++) {
      const cut = whole.subarray(0, Math.floor((whole.length * i) / 32));
      const image = await openBytes(cut).catch((error: Error) => error);
      if (image instanceof Error) expect(image.name).toMatch(/^(FormatError|UnsupportedError)$/);
      else {
        expect(image.warnings.join()).toMatch(/damaged or cut off|the file ends/);
        expect(pagesOf(image, 41)).toMatch(/^[=.t]+$/);
      }
    }
  });
});

describe('layers of compression', () => {
  it('are taken off one by one', async () => {
    const image = await openBytes(gzipSync(gzipSync(flattenWhole(elf))));
    expect(image.format).toBe('ELF core, gzip-compressed, gzip-compressed, flattened');
    expect(pagesOf(image, 41)).toBe(EXPECTED);
  });

  it('are not taken off without end', async () => {
    let bytes: Uint8Array = elf;
    for (let i = 0; i < 5; i++) bytes = gzipSync(bytes);
    await expect(openBytes(bytes)).rejects.toThrow('at most 3 layers');
  });

  it('stop at the limit for temporary space', async () => {
    await expect(openBytes(fixture('small.elf.xz'), { spoolLimit: 5000 })).rejects.toThrow(
      'at most 5000 bytes of temporary space',
    );
  });
});

describe('a pipe', () => {
  it('is copied to a temporary file', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'pipe-'));
    try {
      const fifo = join(dir, 'fifo');
      expect(spawnSync('mkfifo', [fifo]).status).toBe(0);
      writeFileSync(join(dir, 'elf'), elf);
      spawnSync('sh', ['-c', `cat '${dir}/elf' > '${fifo}' &`], { stdio: 'ignore' });
      const image = await openImages([openFile(fifo)]);
      expect(pagesOf(image, 41)).toBe(EXPECTED);
      image.close();
    } finally {
      rmSync(dir, { recursive: true });
    }
  });

  it.each([
    ['/nonexistent/dump', 'no such file'],
    [tmpdir(), 'a directory'],
  ])('but %s is an error that says %s', (path, words) => {
    expect(() => openFile(path)).toThrow(words);
  });
});
