import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type MapError, mappingProblem, mapReadOnly } from '../../src/native/mapping.ts';

const folder = mkdtempSync(join(tmpdir(), 'structpage-map-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'memory');
writeFileSync(path, Buffer.alloc(3 * 4096, 0x5a));

test('koffi works here', () => expect(mappingProblem()).toBeUndefined());

test('a window shows the bytes of the file, and can be unmapped twice', () => {
  const fd = openSync(path, 'r');
  const mapping = mapReadOnly(fd, 4096, 8192);
  closeSync(fd);
  expect(mapping.bytes.length).toBe(8192);
  expect(mapping.bytes.every((b) => b === 0x5a)).toBe(true);
  mapping.unmap();
  mapping.unmap();
});

test('what cannot be mapped is refused by its errno', () => {
  const fd = openSync(path, 'r');
  const refused = (offset: number, length: number, at = fd): string => {
    try {
      mapReadOnly(at, offset, length).unmap();
      return 'mapped';
    } catch (error) {
      return (error as MapError).code;
    }
  };
  expect(refused(0, 0)).toBe('EINVAL');
  expect(refused(100, 4096)).toBe('EINVAL');
  expect(refused(0, 2 ** 31)).toBe('EINVAL');
  expect(refused(0, 4096, 9999)).toBe('EBADF');
  closeSync(fd);
});
