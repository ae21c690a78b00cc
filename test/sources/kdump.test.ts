import { describe, expect, it } from 'vitest';
import type { Codec } from '../builders/compress.ts';
import { flatten, flattenWhole } from '../builders/flattened.ts';
import { buildKdump, type KdumpRecipe } from '../builders/kdump.ts';
import { checkRuns, openBytes, pagesOf } from './open-bytes.ts';

const PAGES = `
  0-3 ram
  4 zero
  5-6 excluded
  # 7 is a hole
  8 ram
  a-b zero
  c-f ram
`;
const EXPECTED = '====0xx.=.00====.';
const BASE: KdumpRecipe = { pages: PAGES, vmcoreinfo: 'OSRELEASE=6.12.0-test\nPAGESIZE=4096\n' };

describe('kdump-compressed', () => {
  it.each<Codec>(['none', 'zlib', 'lzo', 'snappy', 'zstd'])('reads pages packed with %s', async (codec) => {
    const image = await openBytes(await buildKdump({ ...BASE, codec }));
    expect(image.warnings).toEqual([]);
    expect(pagesOf(image, 17)).toBe(EXPECTED);
    checkRuns(image);
    expect(Object.fromEntries(image.details).compression).toContain(codec === 'lzo' ? 'LZO' : codec);
    expect(image.vmcoreinfo).toBe(BASE.vmcoreinfo);
    expect(image.machine).toBe(62);
  });

  it('reads a file with a codec of its own for each page', async () => {
    const pages = '0 ram zlib\n1 ram lzo\n2 ram none\n3 ram snappy\n4 ram zstd';
    expect(pagesOf(await openBytes(await buildKdump({ pages, codec: 'zlib' })), 5)).toBe('=====');
  });

  it.each([1, 2, 3, 4, 5, 6])('reads header version %i', async (version) => {
    const image = await openBytes(await buildKdump({ ...BASE, version }));
    expect(pagesOf(image, 17)).toBe(EXPECTED);
    // VMCOREINFO came with version 3
    expect(image.vmcoreinfo !== undefined).toBe(version >= 3);
    expect(Object.fromEntries(image.details)['header version']).toBe(`${version}, little endian`);
  });

  it('reads big-endian headers', async () => {
    const image = await openBytes(await buildKdump({ ...BASE, bigEndian: true, machine: 's390x' }));
    expect(pagesOf(image, 17)).toBe(EXPECTED);
    expect(image.machine).toBe(22);
  });

  it.each([1024, 8192, 65536])('reads blocks of %i bytes', async (blockSize) => {
    const image = await openBytes(await buildKdump({ ...BASE, blockSize }));
    expect(pagesOf(image, 17, blockSize)).toBe(EXPECTED);
  });

  it('reads page frames beyond 2^32 without a list of them', async () => {
    const pages = 'ffff ram\n100000 ram';
    const image = await openBytes(await buildKdump({ pages, maxMapnr: 0x100001 }));
    expect([...image.memory.runs].map((r) => [r.start / 4096, r.end / 4096])).toEqual([
      [0xffff, 0x10000],
      [0x100000, 0x100001],
    ]);
  });

  it('takes the number of pages from the sub-header where 32 bits do not hold it', async () => {
    const file = await buildKdump(BASE);
    new DataView(file.buffer).setUint32(440, 5, true);
    expect(pagesOf(await openBytes(file), 17)).toBe(EXPECTED);
  });

  it('reads a file with one bitmap', async () => {
    // as large as one block holds: with less, a second bitmap would have to be there
    const recipe = { ...BASE, singleBitmap: true, maxMapnr: 4096 * 8 };
    expect(pagesOf(await openBytes(await buildKdump(recipe)), 17)).toBe('====0...=.00====.');
  });

  it('has no pages where the dump has none', async () => {
    const image = await openBytes(await buildKdump({ pages: '', maxMapnr: 64 }));
    expect([...image.memory.runs]).toEqual([]);
    expect(pagesOf(image, 3)).toBe('...');
    expect(image.memory.runAt(2 ** 40)).toMatchObject({ state: 'hole', end: Infinity });
  });

  it('reads across pages and from the middle of one, and stops where memory does', async () => {
    const image = await openBytes(await buildKdump(BASE));
    const bytes = new Uint8Array(5 * 4096);
    expect(image.memory.readInto(100, bytes)).toBe(5 * 4096 - 100);
    expect(image.memory.readInto(4096 * 5 + 1, bytes)).toBe(0);
    expect(image.memory.runAt(4096 * 5 + 1)).toEqual({ start: 5 * 4096, end: 7 * 4096, state: 'excluded' });
  });

  it('says what the dump level implies', async () => {
    const level = async (dumpLevel: number) =>
      Object.fromEntries((await openBytes(await buildKdump({ ...BASE, dumpLevel }))).details)['dump level'];
    expect(await level(0)).toBe('0: nothing was to be excluded');
    expect(await level(24)).toBe('24: user and free pages excluded; struct pages complete');
    expect(await level(31)).toContain('pages of zeros stored once; struct pages complete');
  });

  it("knows QEMU's header, which names no machine that can be relied on", async () => {
    const image = await openBytes(
      flattenWhole(await buildKdump({ ...BASE, qemu: true, machine: 'Unknown' })),
    );
    expect(image.format).toBe('kdump-compressed (QEMU), flattened');
    expect(image.machine).toBeUndefined();
    expect(pagesOf(image, 17)).toBe(EXPECTED);
  });

  it('says that the dump was never finished', async () => {
    const file = await buildKdump({ ...BASE, status: 1 | 8 });
    const table = new DataView(file.buffer).getUint32(432, true) * 4096 + 3 * 4096;
    file.fill(0, table + 24 * 6, table + 24 * 12);
    const image = await openBytes(file);
    expect(image.warnings).toContain('the dump was never finished (its header says incomplete)');
    expect(pagesOf(image, 17)).toBe('====0xx.=.tttttt.');
  });

  it.each([
    ['packed', 6, 'i686', 3],
    ['packed', 6, 'armv7l', 40],
    ['padded', 6, 'armv7l', 40],
    ['packed', 5, 'i686', 3],
    ['padded', 5, 'armv7l', 40],
  ] as const)(
    'reads the headers of a 32-bit kernel: %s, version %i, %s',
    async (narrow, version, machine, number) => {
      const file = await buildKdump({ ...BASE, narrow, version, machine, vmcoreinfo: 'OSRELEASE=6.1\n' });
      const image = await openBytes(file);
      expect([image.machine, image.vmcoreinfo, image.warnings]).toEqual([number, 'OSRELEASE=6.1\n', []]);
      expect(pagesOf(image, 17)).toBe(EXPECTED);
    },
  );

  it('tells the number of pages of a 32-bit kernel from a block size', async () => {
    // 262,144 page frames are 1 GiB, and would be a block size of 256 KiB where headers of 64-bit kernels have theirs
    const image = await openBytes(
      await buildKdump({ ...BASE, narrow: 'packed', machine: 'armv7l', maxMapnr: 262144 }),
    );
    expect(pagesOf(image, 17)).toBe(EXPECTED);
  });
});

describe('split kdump', () => {
  const part = (from: number, to: number): Promise<Uint8Array> => buildKdump({ ...BASE, split: [from, to] });
  const parts = async () => [await part(0, 3), await part(3, 9), await part(9, 16)];

  it('takes the parts in any order', async () => {
    const [a, b, c] = await parts();
    for (const order of [
      [a!, b!, c!],
      [c!, a!, b!],
      [b!, c!, a!],
    ]) {
      const image = await openBytes(order);
      expect(image.warnings).toEqual([]);
      expect(pagesOf(image, 17)).toBe(EXPECTED);
      checkRuns(image);
    }
  });

  it('takes parts that are flattened', async () => {
    const [a, b, c] = await parts();
    expect(pagesOf(await openBytes([flattenWhole(a!), b!, flattenWhole(c!)]), 17)).toBe(EXPECTED);
  });

  it('finds the other parts beside the one that was named', async () => {
    const files = await parts();
    const { bytesSource } = await import('../../src/core/bytes.ts');
    const image = await openBytes(files[1]!, {
      beside: () => ['x.1', 'noise', 'x.3'],
      sibling: (name) =>
        bytesSource(name === 'x.1' ? files[0]! : name === 'x.3' ? files[2]! : new Uint8Array(9000), name),
    });
    expect(image.warnings).toEqual([]);
    expect(pagesOf(image, 17)).toBe(EXPECTED);
  });

  it('gives what is there when a part is missing, and names the part', async () => {
    const [a, , c] = await parts();
    const image = await openBytes([c!, a!]);
    expect(image.warnings).toEqual([
      'part 2 of 3 is missing: pages 3 to 9 cannot be read. Name it too, or put it beside the others',
    ]);
    expect(pagesOf(image, 17)).toBe('===ttxx.t.00====.');
    expect(image.memory.runAt(3 * 4096)).toMatchObject({
      state: 'truncated',
      why: 'in part 2 of 3, which is missing',
    });
    checkRuns(image);
  });

  it('does not mix dumps', async () => {
    const [a, , c] = await parts();
    const stranger = await buildKdump({ ...BASE, split: [3, 9], timestamp: 1_600_000_000 });
    const image = await openBytes([a!, stranger, c!]);
    expect(image.warnings).toEqual([
      'file2 was not used: it is not part of this dump',
      'part 2 of 3 is missing: pages 3 to 9 cannot be read. Name it too, or put it beside the others',
    ]);
    const twin = await buildKdump({ ...BASE, pages: PAGES.replace('8 ram', '8 excluded'), split: [3, 9] });
    expect((await openBytes([a!, twin, c!])).warnings[0]).toContain('its bitmap is that of another dump');
  });

  it('takes one part twice for what it is', async () => {
    const [a, b, c] = await parts();
    const image = await openBytes([a!, b!, b!, c!]);
    expect(image.warnings).toEqual(['file3 was not used: its pages 3 to 9 are in file2 already']);
    expect(pagesOf(image, 17)).toBe(EXPECTED);
  });
});

describe('flattened files', () => {
  it('lets later records overwrite earlier ones', async () => {
    const file = await buildKdump(BASE);
    const wrong = new Uint8Array(9000).fill(0xaa);
    const image = await openBytes(
      flatten([
        { at: 100, bytes: wrong },
        { at: 0, bytes: file },
        { at: 4, bytes: file.subarray(4, 600) },
        { at: 50, bytes: file.subarray(50, 51) },
      ]),
    );
    expect(image.format).toBe('kdump-compressed (makedumpfile), flattened');
    expect(pagesOf(image, 17)).toBe(EXPECTED);
  });

  it('reads holes between records as zeros in a complete file', async () => {
    const file = await buildKdump({ pages: '0-3 ram', codec: 'none' });
    // what lies behind the main header of block 0 was never written
    const image = await openBytes(
      flatten([
        { at: 0, bytes: file.subarray(0, 464) },
        { at: 4096, bytes: file.subarray(4096) },
      ]),
    );
    expect(pagesOf(image, 4)).toBe('====');
  });

  it('gives the records before the place where the file is cut off, and nothing made up', async () => {
    const file = await buildKdump({ pages: '0-f ram', codec: 'none' });
    const whole = flatten(
      Array.from({ length: Math.ceil(file.length / 4096) }, (_, i) => ({
        at: i * 4096,
        bytes: file.subarray(i * 4096, i * 4096 + 4096),
      })),
    );
    const image = await openBytes(whole.subarray(0, whole.length - 6 * 4112));
    expect(image.warnings[0]).toMatch(/ends at offset \d+ without an end mark/);
    expect(pagesOf(image, 16)).toMatch(/^=+t+$/);
  });

  it.each([
    ['a record that points at itself', { at: -5, size: 100 }],
    ['a size of 2^63', { at: 0, size: Number.NaN }],
  ])('ends at %s', async (_, bad) => {
    const file = await buildKdump(BASE);
    const flat = flatten([
      { at: 0, bytes: file },
      { at: file.length, bytes: new Uint8Array(16) },
    ]);
    const view = new DataView(flat.buffer);
    view.setBigInt64(4096 + 16 + file.length, BigInt(bad.at));
    view.setBigInt64(4096 + 24 + file.length, Number.isNaN(bad.size) ? -(2n ** 63n) : BigInt(bad.size));
    const image = await openBytes(flat);
    expect(image.warnings[0]).toContain('damaged at offset');
    expect(pagesOf(image, 17)).toBe(EXPECTED);
  });

  it('refuses what holds no dump', async () => {
    await expect(openBytes(flatten([{ at: 0, bytes: new Uint8Array(5000) }]))).rejects.toThrow(
      'within the flattened',
    );
    await expect(openBytes(flatten([]))).rejects.toThrow('found nothing');
  });
});
