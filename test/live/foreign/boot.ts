import { spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Monitor } from '../monitor.ts';
import type { Machine } from './machines.ts';
import { perlInitramfs } from './programs.ts';

/** What a guest's kernel said of itself just before it was stopped. */
export interface Answers {
  /** Files of 64-bit words by their name below /proc: kpageflags, kpagecount, kpagecgroup, and PID/pagemap range after range. */
  readonly words: ReadonlyMap<string, readonly bigint[]>;
  /** The pages that PID/pagemap was read of: the first and how many, by `PID/pagemap`. */
  readonly ranges: ReadonlyMap<string, readonly { readonly start: number; readonly count: number }[]>;
  /** Files of text by their name below /proc. */
  readonly texts: ReadonlyMap<string, string>;
  readonly console: string;
}

/** What a guest is booted with. */
export interface Boot {
  readonly kernel: string;
  /** Where perl-base of the machine's architecture is unpacked. */
  readonly root: string;
  /** Where the initramfs and the dumps are put. */
  readonly folder: string;
  readonly modules?: readonly string[];
  readonly memory?: string;
  readonly append?: string;
  /** Called once the guest stands still. */
  stopped(monitor: Monitor): Promise<void>;
}

/** An emulated machine on a busy host takes minutes. */
const LIMIT = 400_000;

/** Boots a kernel, stops it when it was asked about all of its memory, and returns its answers. */
export async function bootForeign(machine: Machine, boot: Boot): Promise<Answers> {
  const initrd = join(boot.folder, 'initrd');
  const socket = join(boot.folder, 'qmp');
  writeFileSync(initrd, perlInitramfs(boot.root, boot.modules));
  const { numbers, mmap } = machine.calls;
  const append = [
    `console=${machine.console} panic=-1 quiet SYSCALLS=${numbers.join(',')} MMAP_TAKES=${mmap}`,
    ...[machine.append, boot.append].filter((part) => part !== undefined),
  ].join(' ');
  const qemu = spawn(
    `qemu-system-${machine.qemu}`,
    [
      ...machine.args,
      ...['-accel', 'tcg,thread=single', '-smp', '1', '-m', boot.memory ?? machine.memory],
      ...['-display', 'none', '-no-reboot', '-serial', 'stdio', '-monitor', 'none', '-net', 'none'],
      ...['-kernel', boot.kernel, '-initrd', initrd, '-append', append],
      ...['-qmp', `unix:${socket},server=on,wait=off`],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const timer = setTimeout(() => qemu.kill('SIGKILL'), LIMIT);
  let text = '';
  let stop: Promise<void> | undefined;
  let failure: unknown;
  qemu.stdout.setEncoding('latin1').on('data', (part: string) => {
    text += part;
    if (stop || !text.includes('\nREADY')) return;
    stop = whileStopped(socket, boot).catch((error: unknown) => {
      failure = error;
      qemu.kill('SIGKILL');
    });
  });
  try {
    await new Promise<void>((resolve, reject) => qemu.on('close', () => resolve()).on('error', reject));
    await stop;
  } finally {
    clearTimeout(timer);
    qemu.kill('SIGKILL');
    for (const path of [initrd, socket]) rmSync(path, { force: true });
  }
  if (failure) throw failure;
  if (!text.includes('\nEND')) throw new Error(`the guest did not answer; it said:\n${text.slice(-4000)}`);
  return parseAnswers(text);
}

async function whileStopped(socket: string, boot: Boot): Promise<void> {
  const monitor = new Monitor(socket);
  await boot.stopped(monitor);
  monitor.resume();
}

/** The answers in what the guest's init printed. */
export function parseAnswers(text: string): Answers {
  const words = new Map<string, bigint[]>();
  const ranges = new Map<string, { start: number; count: number }[]>();
  const texts = new Map<string, string>();
  for (const line of text.split(/\r*\n/)) {
    const told = /^TEXT ([^|]+)\|(.*)$/.exec(line);
    if (told) texts.set(told[1]!, `${texts.get(told[1]!) ?? ''}${told[2]}\n`);
    const [kind, name, ...values] = line.split(' ');
    if (kind === 'WORDS') {
      const list = words.get(name!) ?? [];
      words.set(name!, list);
      for (const value of values) {
        const [count, word] = value.split('*');
        for (let i = Number.parseInt(count!, 16); i > 0; i--) list.push(BigInt(`0x${word}`));
      }
    }
    if (kind === 'RANGES') {
      const numbers = values.map((value) => value.split('+').map((n) => Number.parseInt(n, 16)));
      ranges.set(
        name!,
        numbers.map(([start, count]) => ({ start: start!, count: count! })),
      );
    }
  }
  return { words, ranges, texts, console: text };
}
