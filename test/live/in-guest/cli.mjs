// Runs inside of a guest: the built command on the machine that it runs on, as root and as a user.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chownSync, mkdirSync, openSync, readFileSync, readSync, statSync, writeFileSync } from 'node:fs';
import { cli, result, shell, startWorkload } from './common.mjs';
import { preadPages } from './dist/sources/pread-pages.js';

const workload = await startWorkload();
result('workload', workload.kinds);
const run = (name, args, user) => result(name, cli(args, user));

run('doctor', ['doctor', '--json']);
run('doctor-text', ['doctor']);
run('doctor-user', ['doctor'], 'user');
for (const command of [
  ['dump'],
  ['info'],
  ['verify'],
  ['page', 'pfn:1'],
  ['translate', '0xffffea0000000000'],
])
  run(`user-${command[0]}`, command, 'user');
run('info', ['info', '--json']);
run('info-text', ['info']);
run('summary', ['summary']);
result('head', shell("structpage dump --where 'type == slab' | head -n 12"));
for (const method of ['crash', 'mmap', 'read']) run(`method-${method}`, ['dump', '--method', method]);
run('named-mem', ['info', '/dev/mem']);
run('named-kcore', ['page', '/proc/kcore', 'pfn:4096']);

const { memoryModel, pfns } = JSON.parse(cli(['info', '--json']).out);
const base = BigInt(memoryModel.vmemmapBase);
const { last } = pfns.at(-1);
const hex = (n) => `0x${n.toString(16)}`;
for (const [name, args] of [
  ['mistake', ['translate', '0x620000000000']],
  ['mistake-phys', ['page', 'phys:0x620000000000']],
  ['vmemmap', ['translate', hex(base + 4096n * 64n)]],
  ['vmemmap-unaligned', ['translate', hex(base + 4096n * 64n + 13n)]],
  ['noncanonical', ['translate', '0x8000000000000000']],
  ['apic', ['page', 'phys:0xfee00000']],
  ['ioapic', ['page', 'phys:0xfec00000']],
  ['vga', ['page', 'phys:0xa0000']],
  ['past-the-end', ['page', `phys:${hex((last + 1) * 4096)}`]],
  ['far-past-the-end', ['page', 'phys:0x10000000000']],
  ['unaligned', ['page', 'phys:0x1000007']],
  ['unaligned-page', ['page', `page:${hex(base + 4096n * 64n + 13n)}`]],
  ['not-the-array', ['page', 'page:0xffff888000000000']],
  ['user-address', ['page', 'virt:0x400000']],
])
  run(`where-${name}`, args);

// the last page of ROM and the first of RAM: the kernel refuses such a read whole
const mem = openSync('/dev/mem', 'r');
const refusal = () => {
  try {
    return readSync(mem, new Uint8Array(8192), 0, 8192, 0xff000);
  } catch (error) {
    return error.code;
  }
};
const got = preadPages(mem, new Uint8Array(8192), 0xff000n, 8192);
result('crossing', { whole: refusal(), done: got.done, code: got.error?.code });

run('layout-check', ['layout', 'check']);
run('verify', ['verify', '--nice', '19']);
// a folder of the user who called sudo
mkdirSync('/tmp/home');
chownSync('/tmp/home', 65534, 65534);
run('export', ['export', '-o', '/tmp/home/pages.csv', '--columns', 'pfn,type,refcount']);
result('exported', {
  lines: Number(
    execFileSync('/bin/busybox', ['wc', '-l', '/tmp/home/pages.csv'], { encoding: 'latin1' }).split(' ')[0],
  ),
});
run('capture', ['capture', '-o', '/tmp/small.elf.gz']);
result('captured', { bytes: statSync('/tmp/small.elf.gz').size });
run('capture-summary', ['summary', '/tmp/small.elf.gz']);
result('meminfo', readFileSync('/proc/meminfo', 'latin1'));

// what a reader may still do once it reads
const reading = spawn(process.execPath, ['dist/cli/main.js', 'dump', '--format', 'csv'], {
  stdio: ['ignore', 'pipe', 'ignore'],
});
await new Promise((resolve) => reading.stdout.once('readable', resolve));
result(
  'privileges',
  readFileSync(`/proc/${reading.pid}/status`, 'latin1').match(/^(CapEff|CapPrm|NoNewPrivs):.*/gm),
);
reading.kill('SIGKILL');

// what a container does, and what Secure Boot does
const withoutRawIo = `
  import { createRequire } from 'node:module';
  import { spawnSync } from 'node:child_process';
  const prctl = createRequire('/structpage/x.js')('koffi').load(null).func('int prctl(int, ...)');
  if (prctl(24, 'long', 17) === 0) spawnSync(process.execPath, ['dist/cli/main.js', 'doctor'], { stdio: 'inherit' });`;
const ran = spawnSync(process.execPath, ['--input-type=module', '-e', withoutRawIo], { encoding: 'utf8' });
result('without-rawio', {
  args: ['doctor'],
  user: 'root without CAP_SYS_RAWIO',
  code: ran.status,
  out: ran.stdout,
  err: ran.stderr,
});
for (const level of ['integrity', 'confidentiality']) {
  writeFileSync('/sys/kernel/security/lockdown', level);
  run(`lockdown-${level}`, ['doctor']);
}
run('locked-dump', ['dump']);
workload.stop();
