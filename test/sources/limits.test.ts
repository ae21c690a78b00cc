import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { openFile, openRegular } from '../../src/sources/file-source.ts';
import { openImage } from '../../src/sources/open-image.ts';
import { buildElf } from '../builders/elf.ts';
import { openBytes } from './open-bytes.ts';

const dir = mkdtempSync(join(tmpdir(), 'structpage-limits-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** Notes of no content, each of a type. */
function notes(count: number): Uint8Array {
  const words = new Uint32Array(count * 3);
  for (let i = 0; i < count; i++) words[i * 3 + 2] = 1;
  return new Uint8Array(words.buffer);
}

describe('counts that a file claims cost no more than a file can have', () => {
  test('notes: all of many are read, and no more than could be meant', async () => {
    const some = await openBytes(buildElf({ loads: '0-fff', notes: notes(120_000) }));
    expect([some.notes.length, some.warnings]).toEqual([120_000, []]);
    const many = await openBytes(buildElf({ loads: '0-fff', notes: notes(200_000) }));
    expect(many.notes.length).toBe(131_072);
    expect(many.warnings).toEqual([expect.stringContaining('cut off or damaged after 131072 notes')]);
  });

  test('segments of notes that are all the same bytes', async () => {
    const file = buildElf({
      loads: Array.from({ length: 300 }, () => '0-fff file=0').join('\n'),
      notes: notes(200_000),
    });
    const view = new DataView(file.buffer);
    // every PT_LOAD but the last becomes a PT_NOTE over the same place
    for (let i = 1; i < 300; i++) {
      view.setUint32(64 + i * 56, 4, true);
      file.copyWithin(64 + i * 56 + 8, 64 + 8, 64 + 56);
    }
    const image = await openBytes(file);
    expect(image.notes.length).toBe(131_072);
  });

  test('program headers in a sparse file', async () => {
    const path = join(dir, 'bomb.elf');
    const head = new Uint8Array(128);
    const view = new DataView(head.buffer);
    head.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
    view.setUint16(16, 4, true);
    view.setUint16(18, 62, true);
    view.setBigUint64(32, 4096n, true);
    view.setBigUint64(40, 64n, true);
    view.setUint16(54, 56, true);
    view.setUint16(56, 0xffff, true);
    view.setUint16(58, 64, true);
    view.setUint32(64 + 44, 38_000_000, true);
    writeFileSync(path, head);
    truncateSync(path, 4096 + 38_000_000 * 56);
    await expect(openImage(openFile(path))).rejects.toThrow(
      'expected at most 1048576 segments, found 38000000',
    );
  });
});

describe('files that nobody named', () => {
  test('a FIFO beside a .vmem does not stop anyone', async () => {
    const path = join(dir, 'guest.vmem');
    writeFileSync(path, Buffer.alloc(2 ** 20));
    execFileSync('mkfifo', [join(dir, 'guest.vmss')]);
    const image = await openImage(openFile(path));
    expect(image.format).toBe('raw image of physical memory');
    image.close();
    expect(openRegular(join(dir, 'guest.vmss'))).toBeUndefined();
    expect(openRegular('/dev/zero')).toBeUndefined();
    expect(openRegular(join(dir, 'none'))).toBeUndefined();
  });
});
