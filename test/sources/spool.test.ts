import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { openSpool } from '../../src/sources/spool.ts';
import { MAIN } from '../cli/run.ts';

const dir = mkdtempSync(join(tmpdir(), 'structpage-spool-'));
afterEach(() => vi.unstubAllEnvs());
afterAll(() => rmSync(dir, { recursive: true }));

/** A small file system in memory, where one may be made. */
function mounted(size: string): string | undefined {
  const at = mkdtempSync(join(dir, 'mount-'));
  return spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'none', at]).status === 0 ? at : undefined;
}

const small = mounted('20m');
const large = mounted('1g');
afterAll(() => {
  for (const at of [small, large]) if (at !== undefined) execFileSync('umount', ['-l', at]);
});

describe('a temporary file leaves room for others', () => {
  test.skipIf(small === undefined)('a dump without end stops before the disk is full', () => {
    const ran = spawnSync('bash', ['-c', `cat /dev/urandom | ${process.execPath} ${MAIN} info -`], {
      encoding: 'utf8',
      env: { ...process.env, TMPDIR: small },
      timeout: 30_000,
    });
    expect(ran.status).toBe(3);
    expect(ran.stderr).toMatch(
      /standard input: expected at most \d+ bytes of temporary space.*found more.*Set TMPDIR/,
    );
    // and nothing of it is left
    const { blocks, bfree } = statfsSync(small!);
    expect(bfree).toBeGreaterThan(blocks * 0.9);
  });

  test('unless a limit is set', () => {
    vi.stubEnv('TMPDIR', small ?? dir);
    const spool = openSpool('x', { spoolLimit: 5 });
    spool.write(new Uint8Array(5));
    expect(() => spool.write(new Uint8Array(1))).toThrow(
      'at most 5 bytes of temporary space to be needed (the limit that was set)',
    );
    spool.finish().close();
  });

  test.skipIf(large === undefined)('a word where the directory is in memory, once it matters', () => {
    vi.stubEnv('TMPDIR', large!);
    const said: string[] = [];
    const spool = openSpool('the dump', { warn: (text) => said.push(text) });
    const chunk = new Uint8Array(64 * 2 ** 20);
    for (let i = 0; i < 4; i++) spool.write(chunk);
    expect(said).toEqual([]);
    spool.write(chunk);
    spool.write(chunk);
    spool.finish().close();
    expect(said).toEqual([
      expect.stringMatching(/^the dump is copied to .*, which is in memory: set TMPDIR/),
    ]);
  });

  test('what is on a disk needs no word', () => {
    vi.stubEnv('TMPDIR', dir);
    writeFileSync(join(dir, 'x'), '');
    const said: string[] = [];
    const spool = openSpool('the dump', { warn: (text) => said.push(text) });
    spool.write(new Uint8Array(1000));
    const source = spool.finish();
    expect([source.byteLength, said]).toEqual([1000, []]);
    source.close();
  });
});
