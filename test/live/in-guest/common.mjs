// Shared by the scripts that run inside of a guest.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** Prints a result for the test outside: RESULT <name> <JSON>. */
export const result = (name, value) =>
  process.stdout.write(
    `RESULT ${name} ${JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? `0x${v.toString(16)}` : v))}\n`,
  );

/** Loads the driver of virtio-mem where it is in the guest, and waits until its device has plugged something in. */
export async function loadVirtioMem() {
  if (!existsSync('virtio_mem.ko')) return;
  const { status, stderr } = spawnSync('/bin/busybox', ['insmod', 'virtio_mem.ko'], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`insmod virtio_mem.ko: ${stderr}`);
  for (let i = 0; i < 100 && !/virtio_mem/.test(readFileSync('/proc/iomem', 'latin1')); i++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Starts the workload and waits until it has made its pages; `kinds` is what it made, in pages. */
export async function startWorkload(...args) {
  const child = spawn(process.execPath, ['workload.mjs', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const kinds = await new Promise((resolve, reject) => {
    let text = '';
    child.stdout.setEncoding('latin1').on('data', (part) => {
      text += part;
      const line = /^READY (.*)\n/m.exec(text);
      if (line) resolve(JSON.parse(line[1]));
    });
    child.on('close', (code, signal) =>
      reject(new Error(`the workload ended with ${code ?? signal}: ${text}`)),
    );
  });
  child.unref();
  child.stdout.destroy();
  return { kinds, child, stop: () => child.kill('SIGKILL') };
}

const USER = { uid: 65534, gid: 65534 };
const MOST = 12_000;

/** Runs the built command as root, or as a user who is not. */
export function cli(args, user = 'root') {
  const ran = spawnSync(process.execPath, ['dist/cli/main.js', ...args], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    ...(user === 'root' ? {} : USER),
  });
  return {
    args,
    user,
    code: ran.status ?? ran.signal,
    out: ran.stdout.slice(0, MOST),
    err: ran.stderr.slice(0, MOST),
  };
}

/** Runs a shell line in which `structpage` stands for the built command. */
export function shell(line) {
  const command = line.replaceAll('structpage', `${process.execPath} dist/cli/main.js`);
  const ran = spawnSync('/bin/busybox', ['sh', '-c', command], { encoding: 'utf8', maxBuffer: 2 ** 28 });
  return {
    args: [line],
    user: 'root',
    code: ran.status,
    out: ran.stdout.slice(0, MOST),
    err: ran.stderr.slice(0, MOST),
  };
}

/** What the kernel complained about since it booted; empty if nothing. */
export function oops() {
  const log = spawnSync('/bin/busybox', ['dmesg'], { encoding: 'latin1', maxBuffer: 2 ** 26 }).stdout;
  const at = log.search(/^.*(BUG:|Oops|general protection|WARNING:|Call Trace)/m);
  return at < 0 ? '' : log.slice(Math.max(0, at - 600), at + 1800);
}
