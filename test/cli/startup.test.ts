import { spawnSync } from 'node:child_process';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { MAIN, SAMPLE } from './run.ts';

const HOOK = join(import.meta.dirname, 'tell-loaded.cjs');

/** Runs the command, and gives what it loaded: its own scripts, and modules of Node.js as `node:name`. */
function loadedBy(...args: string[]): string[] {
  const ran = spawnSync(process.execPath, ['-r', HOOK, MAIN, ...args], {
    encoding: 'utf8',
    env: { ...process.env, XDG_CACHE_HOME: '/dev/null/cache' },
  });
  // the sample lacks most of the kernel's objects, which is exit code 3
  expect([0, 3], ran.stderr).toContain(ran.status);
  return JSON.parse(ran.stderr.split('\n').at(-1)!).map((path: string) => basename(path));
}

const ROOMS = ['objects.js', 'types.js', 'machine.js', 'reports.js'];

test('what few commands need is not loaded at start', () => {
  const loaded = loadedBy('--version');
  expect(loaded).toContain('common.js');
  for (const name of [...ROOMS, 'node:child_process', 'node:crypto', 'node:worker_threads'])
    expect(loaded).not.toContain(name);
});

test('printing pages loads what reads types that were not met before, and nothing of kernel objects', () => {
  const rooms = loadedBy('dump', SAMPLE, '--limit', '1').filter((name) => ROOMS.includes(name));
  expect(rooms).toEqual(['types.js']);
});

test('a command loads what it needs', () => {
  expect(loadedBy('buddyinfo', SAMPLE)).toContain('objects.js');
  expect(loadedBy('info', SAMPLE)).toContain('reports.js');
});
