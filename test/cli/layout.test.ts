import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { SAMPLE, structpage } from './run.ts';

const RELEASE = '6.12.107+deb13-cloud-amd64';
const FILE = new URL(`../../layouts/x86_64/${RELEASE}.json`, import.meta.url).pathname;

describe('layout extract', () => {
  test('takes out of a dump what was taken out of the vmlinux of its kernel', () => {
    const { code, out } = structpage('layout', 'extract', SAMPLE);
    expect(code).toBe(0);
    const [ours, file] = [out, readFileSync(FILE, 'utf8')].map((text) => JSON.parse(text));
    // a layout that was extracted earlier has fewer structs
    expect(ours.structs).toMatchObject(file.structs);
    expect(ours.enums).toEqual(file.enums);
    expect(ours.kernels[0]).toMatchObject({ release: RELEASE, buildId: file.kernels.at(-1).buildId });
  });
});

describe('layout show', () => {
  test.each([
    ['a release', RELEASE],
    ['a file', FILE],
    ['a dump', SAMPLE],
  ])('%s', (_, kernel) => {
    const { code, out } = structpage('layout', 'show', kernel, '--struct', 'slab');
    expect([code, out.split('\n').slice(2)]).toEqual([
      0,
      [
        'struct slab, 64 bytes',
        '  offset     size  member',
        '       0        8  __page_flags',
        '       8        8  slab_cache',
        '      16       16  slab_list',
        '      32        8  freelist',
        '    40:0  16 bits  inuse',
        '   40:16  15 bits  objects',
        '   40:31   1 bits  frozen',
        '',
      ],
    ]);
  });

  test('the layout file itself', () => {
    expect(structpage('layout', 'show', RELEASE, '--json').out).toBe(readFileSync(FILE, 'utf8'));
  });

  test('a struct that layouts do not have', () => {
    const { code, err } = structpage('layout', 'show', RELEASE, '--struct', 'pages');
    expect([code, err]).toEqual([
      2,
      expect.stringContaining("layouts have no struct 'pages'; they have address_space,"),
    ]);
  });
});

test('--layout takes the release of a layout file', () => {
  const rows = ['dump', SAMPLE, '--pfn', '4158', '--layout'];
  expect(structpage(...rows, RELEASE)).toEqual(structpage(...rows, FILE));
  const wrong = structpage(...rows, '5.10.0-32-amd64');
  expect([wrong.code, wrong.out]).toEqual([4, '']);
  expect(wrong.err).toContain('VMCOREINFO says');
});
