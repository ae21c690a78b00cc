import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { MAIN, SAMPLE } from './run.ts';

const hasScript = spawnSync('script', ['--version']).status === 0;

test.skipIf(!hasScript).each([
  ['table', 'zones', SAMPLE],
  ['dump', SAMPLE, '--limit', '2'],
])('%s %s: a serial console, whose width is 0, gets the whole table', (...args) => {
  const line = `stty cols 0 rows 0; ${[process.execPath, MAIN, ...args].join(' ')}`;
  const { status, stdout } = spawnSync('script', ['-qec', line, '/dev/null'], { encoding: 'utf8' });
  expect([status, stdout]).toEqual([0, expect.stringMatching(/^ *(zone|node|pfn)/)]);
  expect(stdout).not.toContain('width');
});
