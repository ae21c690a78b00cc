// Runs inside of a guest whose /dev/mem is opened up from outside: readers are killed at random moments, from their first
// instruction on, and must leave nothing behind.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { cli, oops, result } from './common.mjs';
import * as structpage from './dist/index.js';

const COUNT = Number(/structpage\.kills=(\d+)/.exec(readFileSync('/proc/cmdline', 'latin1'))?.[1] ?? 10);
/** A reader is done with opening after about this many ms; half of the kills come before. */
const OPEN = 1500;

const at = /^([0-9a-f]+) [Tt] devmem_is_allowed$/m.exec(readFileSync('/proc/kallsyms', 'latin1'))?.[1];
result('patch-me', at ?? '');
for (let i = 0; i < 60 && cli(['dump', '--method', 'mmap', '--limit', '1']).code !== 0; i++);
const before = files();
mkdirSync('/tmp/out');
result('export', cli(['export', '-o', '/tmp/out/pages.csv', '--columns', 'pfn,refcount', '--pfn', '0-9999']));
const whole = readFileSync('/tmp/out/pages.csv', 'latin1').split('\n').length;

/** Reads again and again; says so when the first reading begins. */
const reader = `
  import { openLive } from './dist/index.js';
  const inspector = await openLive({ method: process.argv[1] });
  for (;;) inspector.summary();`;
const ways = [
  ['--input-type=module', '-e', reader, 'mmap'],
  ['--input-type=module', '-e', reader, 'kcore'],
  ['--input-type=module', '-e', reader, 'read'],
  ['dist/cli/main.js', 'export', '--method', 'mmap', '-o', '/tmp/out/pages.csv', '--columns', 'pfn,refcount'],
];
const ends = {};
for (let i = 0; (ends.SIGKILL ?? 0) < COUNT; i++) {
  const end = await killed(ways[i % ways.length], Math.random() * 2 * OPEN);
  ends[end] = (ends[end] ?? 0) + 1;
}
result('kills', ends);

const mem = await structpage.openLive({ method: 'mmap' });
const outcome = structpage.verifyLive(mem);
mem.close();
result('after', {
  verify: outcome,
  oops: oops(),
  sameFiles: files() === before,
  export: { whole, lines: readFileSync('/tmp/out/pages.csv', 'latin1').split('\n').length },
  dump: cli(['dump', '--limit', '1']).code,
});
// what killed writers have left is taken away by the next one
result('export-after', cli(['export', '-o', '/tmp/out/pages.csv', '--columns', 'pfn,refcount']));
result('left', readdirSync('/tmp/out'));

function killed(args, after) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { stdio: 'ignore' });
    setTimeout(() => child.kill('SIGKILL'), after);
    child.on('close', (code, signal) => resolve(signal ?? `exit ${code}`));
  });
}

/** One checksum over every file that the guest was booted with. */
function files() {
  const list = spawnSync('/bin/busybox', ['find', '/bin', '/structpage', '/init', '-type', 'f'], {
    encoding: 'latin1',
  }).stdout;
  const hash = createHash('sha1');
  for (const path of list.split('\n').filter(Boolean).sort()) {
    hash.update(`${path} ${statSync(path).size}`);
    hash.update(readFileSync(path));
  }
  return hash.digest('hex');
}
