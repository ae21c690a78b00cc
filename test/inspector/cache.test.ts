import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { LayoutCache, openMemory } from '../../src/index.ts';
import { SAMPLE } from '../cli/run.ts';

const dir = mkdtempSync(join(tmpdir(), 'structpage-test-'));
const home = join(dir, 'home');
const folder = join(home, 'structpage');
beforeEach(() => rmSync(home, { recursive: true, force: true }));
afterAll(() => rmSync(dir, { recursive: true }));

const files = (): string[] => readdirSync(folder);
const main = join(import.meta.dirname, '../../dist/cli/main.js');
const env = { ...process.env, XDG_CACHE_HOME: home };
const run = (line: string): string => {
  const ran = spawnSync(process.execPath, [main, ...line.split(' ')], {
    env,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  expect([ran.status, ran.stderr]).toEqual([0, '']);
  return ran.stdout;
};

describe('the types of a kernel that was met before', () => {
  test('are kept, and give the same rows', () => {
    const first = run(`dump ${SAMPLE} --format csv --pfn 0-20000`);
    expect(files()).toHaveLength(1);
    expect(files()[0]).toMatch(/^[0-9a-f]{40}\.types$/);
    expect(run(`dump ${SAMPLE} --format csv --pfn 0-20000`)).toBe(first);
    expect(run(`dump ${SAMPLE} --format csv --pfn 0-20000 --no-cache`)).toBe(first);
  });

  test('are neither used nor kept with --no-cache', () => {
    run(`dump ${SAMPLE} --limit 1 --no-cache`);
    expect(() => files()).toThrow('ENOENT');
  });

  test('are not believed when they are damaged, and are kept anew', async () => {
    const first = run(`dump ${SAMPLE} --limit 100`);
    const path = join(folder, files()[0]!);
    const whole = readFileSync(path);
    const swapped = (from: string, to: string): Buffer =>
      Buffer.from(whole.toString('latin1').replaceAll(from, to), 'latin1');
    const flipped = Buffer.from(whole);
    flipped[whole.length >> 1]! ^= 4;
    for (const bad of [
      Buffer.alloc(0),
      Buffer.from('x'),
      whole.subarray(0, whole.length / 2),
      flipped,
      Buffer.alloc(whole.length),
      // whole, but by another release that looked for other members
      swapped('\\"page\\"', '\\"pges\\"'),
      // damaged in one place of the layout
      Buffer.from(whole.toString('latin1').replace('"offset": 8', '"offset": 9'), 'latin1'),
    ]) {
      expect(whole.equals(bad)).toBe(false);
      writeFileSync(path, bad);
      expect(run(`dump ${SAMPLE} --limit 100`)).toBe(first);
      expect(readFileSync(path).equals(whole)).toBe(true);
    }
  });

  test('of another build that lie under the name of this one are not used', () => {
    run(`dump ${SAMPLE} --limit 1`);
    const path = join(folder, files()[0]!);
    const id = files()[0]!.slice(0, 40);
    const other = new LayoutCache(folder);
    expect(other.read(id)).toBeDefined();
    writeFileSync(path.replace(id, '0'.repeat(40)), readFileSync(path));
    expect(other.read('0'.repeat(40))).toBeUndefined();
  });

  test('do not stand in the way of anything when they cannot be kept', () => {
    mkdirSync(home);
    writeFileSync(folder, 'a file where the folder should be');
    run(`dump ${SAMPLE} --limit 1`);
    expect(readFileSync(folder, 'utf8')).toBe('a file where the folder should be');
  });

  test('do not where no folder can be made, though there seems to be none', () => {
    const args = [main, 'dump', SAMPLE, '--limit', '1', '--columns', 'pfn'];
    const nowhere = { ...process.env, XDG_CACHE_HOME: '/proc/structpage/cache' };
    // it once never ended
    const ran = spawnSync(process.execPath, args, { env: nowhere, encoding: 'utf8', timeout: 60_000 });
    expect([ran.status, ran.stdout, ran.stderr]).toEqual([0, '  pfn\n    0\n', '']);
  });

  test('are kept by several processes at once', async () => {
    const runs = Array.from({ length: 6 }, () =>
      once(spawn(process.execPath, [main, 'dump', SAMPLE, '--limit', '1'], { env, stdio: 'ignore' }), 'exit'),
    );
    for (const [code] of await Promise.all(runs)) expect(code).toBe(0);
    expect(files()).toHaveLength(1);
    expect(new LayoutCache(folder).read(files()[0]!.slice(0, 40))).toBeDefined();
  });

  test('are said to be so', async () => {
    const cache = new LayoutCache(folder);
    const first = await openMemory(SAMPLE, { cache });
    first.keepTypes();
    first.close();
    const again = await openMemory(SAMPLE, { cache });
    expect(again.typesFrom).toBe('BTF in the image, kept since this build was first met');
    expect(again.kernel.symbolsFrom).toBeUndefined();
    again.close();
  });
});
