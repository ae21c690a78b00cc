import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { bytesSource } from '../../src/core/bytes.ts';
import { isWrittenElsewhere } from '../../src/native/written-elsewhere.ts';
import { openImage } from '../../src/sources/open-image.ts';

const folder = mkdtempSync(join(tmpdir(), 'structpage-written-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('a file that a process writes to is told from one that lies still', async () => {
  const path = join(folder, 'guest.mem');
  writeFileSync(path, new Uint8Array(2 ** 20));
  const fd = openSync(path, 'r');
  const open = async (): Promise<boolean> => {
    const image = await openImage({ ...bytesSource(new Uint8Array(2 ** 20), path), fd });
    return image.live === true;
  };
  expect(isWrittenElsewhere(fd)).toBe(false);
  expect(await open()).toBe(false);
  const writer = spawn('sh', ['-c', `exec 3<> ${path}; echo; exec sleep 100`], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(writer.stdout, 'data');
  expect(isWrittenElsewhere(fd)).toBe(true);
  expect(await open()).toBe(true);
  writer.kill('SIGKILL');
  await once(writer, 'close');
  expect(isWrittenElsewhere(fd)).toBe(false);
  closeSync(fd);
});
