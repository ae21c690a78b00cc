// Runs inside of a guest twice: first it loads a crash kernel and makes the machine panic, then, in the crash kernel, it reads the memory
// of the one that died by /proc/vmcore.
import { spawnSync } from 'node:child_process';
import { existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cli, result, startWorkload } from './common.mjs';

const KEXEC_FILE_LOAD = 320;
const ON_CRASH = 2;

if (existsSync('/proc/vmcore')) {
  result('doctor', cli(['doctor']));
  result('info', cli(['info', '/proc/vmcore']));
  result('summary', cli(['summary', '/proc/vmcore', '--json']));
  result('dump', cli(['dump', '/proc/vmcore', '--where', 'type == slab', '--limit', '5']));
} else {
  const { kinds } = await startWorkload();
  result('workload', kinds);
  spawnSync('/bin/busybox', [
    'sh',
    '-c',
    'cd / && (for folder in proc sys dev tmp; do echo $folder; done; find init bin lib lib64 structpage) | cpio -o -H newc > /initrd',
  ]);
  const koffi = createRequire(import.meta.url)('koffi');
  const syscall = koffi.load(null).func('long syscall(long, ...)');
  const line = `${readFileSync('/proc/cmdline', 'latin1')
    .trim()
    .replace(/crashkernel=\S+/, '')} nr_cpus=1 reset_devices\0`;
  const fd = (path) => openSync(path, 'r');
  const files = ['int', fd('/structpage/vmlinuz'), 'int', fd('/initrd')];
  const loaded = syscall(KEXEC_FILE_LOAD, ...files, 'long', line.length, 'str', line, 'long', ON_CRASH);
  result('loaded', loaded < 0 ? koffi.errno() : 0);
  result('alive', cli(['summary', '--json']));
  // the kernel's last words must not come between ours
  await new Promise((resolve) => setTimeout(resolve, 1500));
  writeFileSync('/proc/sysrq-trigger', 'c');
}
