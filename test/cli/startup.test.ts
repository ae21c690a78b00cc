import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { MAIN, SAMPLE } from './run.ts';

const HOOK = join(import.meta.dirname, 'tell-loaded.cjs');
const BYTECODE_HOOK = join(import.meta.dirname, 'tell-bytecode.cjs');

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

/** Runs `--version` of a command, and gives which of its scripts were run from bytecode. */
function fromBytecode(main: string): string[] {
  const { status, stderr } = spawnSync(process.execPath, ['-r', BYTECODE_HOOK, main, '--version'], {
    encoding: 'utf8',
  });
  expect(status, stderr).toBe(0);
  return JSON.parse(stderr.split('\n').at(-1)!);
}

test('scripts are run from the bytecode that the build left beside them', () => {
  expect(fromBytecode(MAIN)).toEqual(['command.js', 'common.js']);
});

/** The bytecode of a script by this processor and version of Node.js. */
const bytecodeOf = (script: string): string => `${script}.${process.arch}-${process.version}.bytecode`;

test('bytecode of another processor or version of Node.js is not read', () => {
  const kept = readdirSync(dirname(MAIN)).filter((name) => name.endsWith('.bytecode'));
  expect(kept).toContain(bytecodeOf('common.js'));
  for (const name of kept) expect(name).toBe(bytecodeOf(`${name.split('.js.')[0]}.js`));
});

test('damaged bytecode is passed over', () => {
  const root = mkdtempSync(join(tmpdir(), 'structpage-bytecode-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const project = join(dirname(MAIN), '..', '..');
  cpSync(dirname(MAIN), join(root, 'dist', 'cli'), { recursive: true });
  symlinkSync(join(project, 'package.json'), join(root, 'package.json'));
  writeFileSync(join(root, 'dist', 'cli', bytecodeOf('common.js')), 'not of this V8');
  expect(fromBytecode(join(root, 'dist', 'cli', 'main.js'))).toEqual(['command.js']);
});
