import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const FUZZ = fileURLToPath(new URL('../../scripts/fuzz.mjs', import.meta.url));

/** A short run of `npm run fuzz`, so that it stays what it is: every seed is taken, and nothing fails. */
test('what structpage takes from others gives rows or an error of its own', { timeout: 120_000 }, () => {
  const ran = spawnSync(process.execPath, [FUZZ, '--runs', '2000', '--seconds', '60', '--seed', '1'], {
    encoding: 'utf8',
  });
  expect(ran.stdout).toMatch(/executions in \d+ s with seed 1: 0 failed/);
  expect(ran.stdout).not.toContain('is refused');
  expect(ran.status).toBe(0);
});
