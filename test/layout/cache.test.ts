import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { bytesSource, type Inspector, LayoutCache, openMemory } from '../../src/index.ts';

const bytes = gunzipSync(readFileSync(new URL('../../examples/sample.elf.gz', import.meta.url)));
const dir = mkdtempSync(join(tmpdir(), 'structpage-test-'));
const folder = join(dir, 'cache');
afterAll(() => rmSync(dir, { recursive: true }));
beforeEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (dump: Uint8Array, path = folder): Promise<Inspector> =>
  openMemory(bytesSource(dump, 'dump'), { cache: new LayoutCache(path) });

/** Opens a dump, keeps its types, and says what it calls its flags and where the types came from. */
async function flagsOf(dump: Uint8Array, path = folder): Promise<[readonly string[], boolean]> {
  const inspector = await open(dump, path);
  inspector.keepTypes();
  inspector.close();
  return [inspector.layout.flags.names, inspector.typesFrom.includes('kept')];
}

/** The sample with one name of a flag that is another. */
function lying(from: string, to: string): Uint8Array {
  const copy = Buffer.from(bytes);
  copy.write(to, copy.indexOf(`\0${from}\0`) + 1, 'latin1');
  return copy;
}

const fileOf = (): string => join(folder, readdirSync(folder)[0]!);

describe('the cache', () => {
  test('gives what was kept for the same BTF only, whatever build id another dump claims', async () => {
    const [honest] = await flagsOf(bytes);
    expect(await flagsOf(bytes)).toEqual([honest, true]);
    const other = lying('PG_arch_1', 'PG_arch_3');
    const [lie, kept] = await flagsOf(other);
    expect(lie).toContain('arch_3');
    expect(kept).toBe(false);
    // what the other dump left behind is not taken, and is replaced
    expect(await flagsOf(bytes)).toEqual([honest, false]);
    expect(await flagsOf(bytes)).toEqual([honest, true]);
  });

  test('is not read by a build id that is a path', () => {
    const cache = new LayoutCache(folder);
    mkdirSync(folder, { mode: 0o700 });
    for (const id of ['../../x', '/etc/passwd', '', '..', 'E1B6C81F7AFC', 'a'.repeat(80)]) {
      expect(cache.read(id)).toBeUndefined();
      cache.write(id, {} as never);
    }
    expect(readdirSync(dir)).toEqual(['cache']);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('has files and folders that are for their owner alone', async () => {
    await flagsOf(bytes);
    expect(lstatSync(folder).mode & 0o777).toBe(0o700);
    expect(lstatSync(fileOf()).mode & 0o777).toBe(0o600);
  });

  test.each([0o770, 0o707])('is not used in a folder of mode %o', async (mode) => {
    await flagsOf(bytes);
    chmodSync(folder, mode);
    expect((await flagsOf(bytes))[1]).toBe(false);
    chmodSync(folder, 0o700);
    expect((await flagsOf(bytes))[1]).toBe(true);
  });

  test('is not used by way of links, and does not write through them', async () => {
    const victim = join(dir, 'victim');
    writeFileSync(victim, 'as it was');
    await flagsOf(bytes);
    const path = fileOf();
    rmSync(path);
    symlinkSync(victim, path);
    expect((await flagsOf(bytes))[1]).toBe(false);
    expect(readFileSync(victim, 'utf8')).toBe('as it was');
    expect(lstatSync(path).isFile()).toBe(true);

    const elsewhere = join(dir, 'elsewhere');
    mkdirSync(elsewhere, { mode: 0o700 });
    const link = join(dir, 'link');
    symlinkSync(elsewhere, link);
    await flagsOf(bytes, link);
    expect(readdirSync(elsewhere)).toEqual([]);
    for (const made of [victim, elsewhere, link]) rmSync(made, { recursive: true });
  });

  test('is not held up by a FIFO, nor filled by a file that unpacks to more than a layout can be', async () => {
    await flagsOf(bytes);
    const path = fileOf();
    for (const spoil of [
      () => expect(spawnSync('mkfifo', [path]).status).toBe(0),
      () => writeFileSync(path, gzipSync(Buffer.alloc(1 << 26)), { mode: 0o600 }),
      () => writeFileSync(path, Buffer.alloc(1 << 22), { mode: 0o600 }),
      () => mkdirSync(path),
    ]) {
      rmSync(path, { recursive: true });
      spoil();
      expect((await flagsOf(bytes))[1]).toBe(false);
      if (lstatSync(path).isDirectory()) rmSync(path, { recursive: true });
      await flagsOf(bytes);
      expect((await flagsOf(bytes))[1]).toBe(true);
      expect(readdirSync(folder)).toHaveLength(1);
    }
  });

  test.skipIf(process.geteuid?.() !== 0)("of another user is not root's", async () => {
    const home = join(dir, 'home');
    mkdirSync(home, { mode: 0o755 });
    chownSync(home, 1000, 1000);
    await flagsOf(bytes, join(home, 'cache'));
    expect(readdirSync(home)).toEqual([]);
    const own = join(home, 'cache');
    mkdirSync(own, { mode: 0o700 });
    await flagsOf(bytes, own);
    expect(readdirSync(own)).toEqual([]);
    rmSync(home, { recursive: true });
  });
});
