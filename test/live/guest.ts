import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { guestFiles } from './initramfs.ts';

/** What a guest printed: its results by name, and everything for the case that something is missing. */
export interface GuestRun {
  // biome-ignore lint/suspicious/noExplicitAny: JSON of the script in the guest
  readonly results: Record<string, any>;
  readonly console: string;
  readonly exit: string | undefined;
}

/** What a guest is made of. */
export interface GuestOptions {
  readonly scenario: string;
  /** For QEMU's -m, e.g. 640M. */
  readonly memory?: string;
  readonly cpu?: string;
  readonly append?: string;
  readonly qemu?: readonly string[];
  /** Called with each result as it comes; `patch` writes bytes over a kernel function of the guest. */
  onResult?(name: string, value: unknown, guest: RunningGuest): Promise<void> | void;
  readonly seconds?: number;
  /** Whether the kernel is to be found in the guest as /structpage/vmlinuz. */
  readonly ownKernel?: boolean;
  /** Kernel modules that are to be found in the guest as /structpage/NAME.ko. */
  readonly modules?: readonly string[];
  /** Path of an initramfs to boot instead of the one that runs the scenario with Node. */
  readonly initrd?: string;
}

/** A guest that runs. */
export interface RunningGuest {
  /** Writes bytes over the guest's memory at a virtual address, by QEMU's gdb stub. Needs PATCHABLE. */
  patch(address: bigint, bytes: Uint8Array): Promise<void>;
}

/** Where kernels are: folders named by release with a vmlinuz each (fetch-kernels.sh makes them). */
export const KERNELS: string = process.env.STRUCTPAGE_KERNELS ?? '';

/** Why no guest can be started; undefined when one can. */
export function missing(): string | undefined {
  for (const program of ['qemu-system-x86_64', 'busybox']) if (!which(program)) return `no ${program}`;
  if (kernels().length === 0)
    return 'no kernels in STRUCTPAGE_KERNELS (test/live/fetch-kernels.sh gets them)';
  return undefined;
}

/** Whether the module of a kernel's virtio-mem is there, too. */
export function hasVirtioMem(release: string): boolean {
  return existsSync(join(KERNELS, release, 'virtio_mem.ko'));
}

/** The newest cloud kernel that is there of each series asked for, or of all. */
export function kernels(series?: readonly string[]): string[] {
  if (!existsSync(KERNELS)) return [];
  const all = readdirSync(KERNELS)
    .filter((name) => /^\d.*-cloud-amd64$/.test(name) && existsSync(join(KERNELS, name, 'vmlinuz')))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  if (!series) return all;
  return series.flatMap((s) => all.filter((name) => name.startsWith(`${s}.`)).slice(-1));
}

export function which(program: string): string | undefined {
  try {
    return execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}

/** On the command line of a guest that is to be patched: its text stays in place, and user mode sees it. */
export const PATCHABLE = 'nokaslr nopti';

/** mov $1, %eax; ret */
const RETURN_ONE = Uint8Array.of(0xb8, 1, 0, 0, 0, 0xc3);

/** For `onResult`: makes devmem_is_allowed() of the guest say yes, once the guest has told where it is. */
export function openDevMem(name: string, value: unknown, guest: RunningGuest): Promise<void> | void {
  return name === 'patch-me' ? guest.patch(BigInt(`0x${value}`), RETURN_ONE) : undefined;
}

const initrds: Map<string, string> = new Map();
let folder: string | undefined;
// a worker of the test runner is ended without its exit handlers
afterAll(() => {
  if (folder) rmSync(folder, { recursive: true, force: true });
});

/** The initramfs, made once for all guests of a run that have the same files of their kernel in it. */
function initramfs(files: Readonly<Record<string, string>>): string {
  const key = JSON.stringify(files);
  const made = initrds.get(key);
  if (made) return made;
  folder ??= mkdtempSync(join(tmpdir(), 'structpage-guest-'));
  const path = join(folder, `initrd${initrds.size}`);
  const all = guestFiles(which('busybox')!, 'in-guest.mjs');
  for (const [name, from] of Object.entries(files)) all.file(`structpage/${name}`, readFileSync(from));
  writeFileSync(path, all.bytes());
  initrds.set(key, path);
  return path;
}

/** Boots a kernel, runs a scenario in it, and returns what it printed when the guest has powered off. */
export async function runGuest(release: string, options: GuestOptions): Promise<GuestRun> {
  const port = await freePort();
  const kernel = join(KERNELS, release, 'vmlinuz');
  const files = [
    ...(options.ownKernel ? ['vmlinuz'] : []),
    ...(options.modules ?? []).map((name) => `${name}.ko`),
  ].map((name) => [name, join(KERNELS, release, name)]);
  const append = `console=ttyS0 panic=-1 quiet structpage.scenario=${options.scenario} ${options.append ?? ''}`;
  const child = spawn(
    'qemu-system-x86_64',
    [
      // -cpu max, and more than one CPU while the kernel patches itself, make guests of old QEMU oops
      ...['-accel', 'tcg,thread=single', '-cpu', options.cpu ?? 'Nehalem', '-machine', 'q35', '-smp', '1'],
      ...[
        '-m',
        options.memory ?? '640M',
        '-nodefaults',
        '-display',
        'none',
        '-no-reboot',
        '-serial',
        'stdio',
      ],
      ...['-gdb', `tcp:127.0.0.1:${port}`],
      ...['-kernel', kernel, '-append', append],
      ...['-initrd', options.initrd ?? initramfs(Object.fromEntries(files))],
      ...(options.qemu ?? []),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const timer = setTimeout(() => child.kill('SIGKILL'), (options.seconds ?? 400) * 1000);
  try {
    return await collect(child, options, {
      patch: (address, bytes) => patch(port, address, bytes),
    });
  } finally {
    clearTimeout(timer);
    child.kill('SIGKILL');
  }
}

async function collect(child: ChildProcess, options: GuestOptions, guest: RunningGuest): Promise<GuestRun> {
  const results: Record<string, unknown> = {};
  let text = '';
  let from = 0;
  let failure: unknown;
  const work: Promise<void>[] = [];
  child.stdout!.setEncoding('latin1').on('data', (part: string) => {
    text += part;
    for (let end = text.indexOf('\n', from); end >= 0; end = text.indexOf('\n', from)) {
      const match = /^RESULT (\S+) (.*?)\r?$/.exec(text.slice(from, end));
      from = end + 1;
      if (!match) continue;
      const value: unknown = JSON.parse(match[2]!);
      results[match[1]!] = value;
      const job = Promise.resolve(options.onResult?.(match[1]!, value, guest)).catch((error: unknown) => {
        failure = error;
        child.kill('SIGKILL');
      });
      work.push(job.then(() => {}));
    }
  });
  await new Promise<void>((resolve, reject) => child.on('close', () => resolve()).on('error', reject));
  await Promise.all(work);
  if (failure) throw failure;
  return { results, console: text, exit: /^EXIT (\d+)/m.exec(text)?.[1] };
}

/** Stops the guest by the gdb remote protocol, writes, and lets it run on. */
async function patch(port: number, address: bigint, bytes: Uint8Array): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  let received = '';
  socket.setEncoding('latin1').on('data', (part: string) => {
    received += part;
  });
  await new Promise<void>((resolve, reject) => socket.on('connect', resolve).on('error', reject));
  const ask = async (command: string): Promise<string> => {
    received = '';
    const sum = [...command].reduce((s, c) => (s + c.charCodeAt(0)) & 255, 0);
    socket.write(`$${command}#${sum.toString(16).padStart(2, '0')}`);
    for (let i = 0; i < 1000; i++) {
      const match = /\$([^#]*)#[0-9a-f]{2}/.exec(received);
      if (match) {
        socket.write('+');
        return match[1]!;
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`the gdb stub does not answer ${command}`);
  };
  try {
    await ask('?');
    const answer = await ask(
      `M${address.toString(16)},${bytes.length.toString(16)}:${Buffer.from(bytes).toString('hex')}`,
    );
    if (answer !== 'OK')
      throw new Error(`the gdb stub refuses to write at 0x${address.toString(16)}: ${answer}`);
    await ask('D');
  } finally {
    socket.destroy();
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject).listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** A line of a kernel's configuration, from the folder it was fetched to. */
export function configOf(release: string, name: string): string | undefined {
  const path = join(KERNELS, release, 'config');
  if (!existsSync(path)) return undefined;
  return new RegExp(`^${name}=(.*)$`, 'm').exec(readFileSync(path, 'latin1'))?.[1];
}
