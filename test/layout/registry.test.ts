import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FormatError, UsageError } from '../../src/core/errors.ts';
import { findLayouts, layoutIndex, loadLayout } from '../../src/layout/registry.ts';

function releases(query: { release?: string; buildId?: string; arch?: string }, root?: URL): string[] {
  return [...findLayouts({ arch: 'x86_64', ...query }, root)].map(
    ({ entry, types }) => `${entry.release} ${types.confidence}`,
  );
}

describe('layouts/ of this package', () => {
  const known = layoutIndex().find((entry) => entry.release === '7.2.13+deb14-cloud-amd64')!;

  test('a build id is surest, and no file comes twice', () => {
    const found = releases({ buildId: known.buildId, release: known.release });
    expect(found[0]).toBe('7.2.13+deb14-cloud-amd64 layout-build-id');
    expect(found.slice(1).every((text) => text.endsWith('layout-nearest'))).toBe(true);
    expect(new Set(found).size).toBe(found.length);
  });

  test('a release that is there', () => {
    expect(releases({ release: known.release, buildId: '0'.repeat(40) })[0]).toBe(
      '7.2.13+deb14-cloud-amd64 layout-release',
    );
  });

  test.each([
    ['6.12.110+deb13-cloud-amd64', '6.12.107+deb13-cloud-amd64'],
    ['6.12.110+deb13-amd64', '6.12.107+deb13-amd64'],
    ['6.18.14-cloud-amd64', '6.18.15+deb13-cloud-amd64'],
    ['6.2.0-39-generic', '6.1.0-47-amd64'],
    ['7.0.1-1-generic', '7.0.4+deb13-cloud-amd64'],
    ['5.4.0', '5.10.0-32-amd64'],
    ['8.0.0', '7.3.4+deb13-amd64'],
  ])('the nearest to %s is %s', (release, nearest) => {
    const found = releases({ release });
    expect(found[0]).toBe(`${nearest} layout-nearest`);
    expect(found.length).toBe(3);
  });

  test('nothing for another architecture, or for what is no release', () => {
    expect(releases({ arch: 'aarch64', release: known.release, buildId: known.buildId })).toEqual([]);
    expect(releases({ release: 'unknown' })).toEqual([]);
    expect(releases({})).toEqual([]);
  });

  test('a file that the user names', () => {
    const path = new URL(`../../layouts/${known.file}`, import.meta.url).pathname;
    expect(loadLayout(path).types.confidence).toBe('layout-named');
    expect(loadLayout(path).types.place('page', 'flags.f')?.offset).toBe(0);
    expect(() => loadLayout('/nonexistent/layout.json')).toThrow(UsageError);
  });
});

describe('a folder of layouts that is damaged', () => {
  let folder: string;
  let root: URL;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'layouts-'));
    root = pathToFileURL(`${folder}/`);
    mkdirSync(join(folder, 'x86_64'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('no index is no layouts', () => {
    expect(layoutIndex(new URL('nothing/', root))).toEqual([]);
  });

  test.each(['', '{}', '[]', 'null', '{"kernels": [{"arch": "x86_64"}]}'])('the index %j', (text) => {
    writeFileSync(join(folder, 'index.json'), text);
    expect(() => layoutIndex(root)).toThrow(FormatError);
  });

  test('a file that is no layout', () => {
    const entry = { arch: 'x86_64', release: '6.1.0', buildId: 'aa', file: 'x86_64/6.1.0.json' };
    writeFileSync(join(folder, 'index.json'), JSON.stringify({ kernels: [entry] }));
    writeFileSync(join(folder, entry.file), '{"format": 1}');
    expect(() => releases({ release: '6.1.0' }, root)).toThrow(
      'layouts/x86_64/6.1.0.json: expected text as arch, found nothing',
    );
  });
});
