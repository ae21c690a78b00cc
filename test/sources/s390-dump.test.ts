import { describe, expect, test } from 'vitest';
import { buildS390Dump, buildS390Extended, buildS390Volumes } from '../builders/s390-dump.ts';
import { checkRuns, openBytes, pagesOf } from './open-bytes.ts';

const PAGES = 300;
const ALL = `${'='.repeat(PAGES)}..`;

describe('s390 stand-alone dumps', () => {
  test('one volume', async () => {
    const image = await openBytes(buildS390Dump(PAGES));
    expect([image.format, image.machine, image.warnings]).toEqual(['s390 stand-alone dump', 22, []]);
    expect(Object.fromEntries(image.details)).toEqual({ volumes: '1', CPUs: '3' });
    expect(pagesOf(image, PAGES + 2)).toBe(ALL);
    checkRuns(image);
  });

  test('several volumes, in any order', async () => {
    const [a, b, c] = buildS390Volumes(PAGES, 128) as [Uint8Array, Uint8Array, Uint8Array];
    for (const files of [
      [a, b, c],
      [c, a, b],
    ]) {
      const image = await openBytes(files);
      expect(image.warnings).toEqual([]);
      expect(pagesOf(image, PAGES + 2)).toBe(ALL);
    }
    const some = await openBytes([a, b]);
    expect(some.warnings).toEqual([expect.stringContaining('a volume is missing')]);
    expect(pagesOf(some, PAGES)).toBe('='.repeat(256) + 't'.repeat(PAGES - 256));
    await expect(openBytes([a, c])).rejects.toThrow('volume 1 of the dump is missing');
    await expect(openBytes([b])).rejects.toThrow('volume 0 of the dump is missing');
    await expect(openBytes([a, b, b])).rejects.toThrow('and so is another file');
    await expect(openBytes([a, buildS390Dump(PAGES)])).rejects.toThrow('no volume of the same dump');
  });

  test('an extended dump leaves out memory without contents', async () => {
    const expected = `${'='.repeat(10)}${'x'.repeat(10)}${'='.repeat(30)}${'x'.repeat(50)}..`;
    for (const volumes of [
      [
        [
          [0, 9],
          [20, 49],
        ],
      ],
      [[[0, 9]], [[20, 49]]],
    ] as const) {
      const image = await openBytes(buildS390Extended(100, volumes));
      expect([image.format, image.warnings]).toEqual(['s390 stand-alone dump (extended)', []]);
      expect(pagesOf(image, 102)).toBe(expected);
      checkRuns(image);
    }
    const [first] = buildS390Extended(100, [[[0, 9]], [[20, 49]]]);
    const cut = await openBytes([first!]);
    expect(cut.warnings).toEqual([expect.stringContaining('the last segment is missing')]);
    expect(pagesOf(cut, 102)).toBe(`${'='.repeat(10)}${'t'.repeat(90)}..`);
  });

  test('one that was cut off, anywhere', async () => {
    const file = buildS390Dump(PAGES);
    for (const length of [5000, 4096 * 100, file.length - 20]) {
      const image = await openBytes(file.subarray(0, length));
      expect(image.warnings.length).toBe(1);
      expect(pagesOf(image, PAGES)).toMatch(/^=*t+$/);
      checkRuns(image);
    }
    const unmarked = await openBytes(file.subarray(0, file.length - 16));
    expect(unmarked.warnings).toEqual([expect.stringContaining('it was not finished')]);
    await expect(openBytes(file.subarray(0, 4000))).rejects.toThrow('a header of 4096 bytes');
  });

  test.each([
    [0xc, 'a header size of 4096'],
    [0x18, 'the size of the memory'],
  ])('damage at 0x%s of the header', async (offset, message) => {
    const file = buildS390Dump(PAGES).slice();
    file[offset] = 0xff;
    await expect(openBytes(file)).rejects.toThrow(message);
  });
});
