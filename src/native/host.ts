import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Range } from '../core/ranges.ts';
import { type IomemEntry, parseIomem } from './iomem.ts';

/** A text file of the host; undefined if it is missing or cannot be read. */
export function hostText(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}

/** The level of kernel lockdown: none, integrity, confidentiality; undefined if the kernel does not tell. */
export function lockdown(text: string | undefined): string | undefined {
  return /\[(\w+)\]/.exec(text ?? '')?.[1];
}

/** Whether this process has an effective capability, by its number in include/uapi/linux/capability.h. */
export function hasCapability(statusText: string | undefined, number: number): boolean {
  const mask = /^CapEff:\s*([0-9a-f]+)/m.exec(statusText ?? '')?.[1];
  return mask !== undefined && ((BigInt(`0x${mask}`) >> BigInt(number)) & 1n) === 1n;
}

/** A line of the kernel's configuration in /proc/config.gz or /boot; undefined if neither can be read. */
export function kernelConfig(release: string, name: string): string | undefined {
  const text = configText(release);
  if (text === undefined) return undefined;
  return new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1] ?? 'n';
}

function configText(release: string): string | undefined {
  try {
    return gunzipSync(readFileSync('/proc/config.gz')).toString('latin1');
  } catch {
    return hostText(`/boot/config-${release}`);
  }
}

/** What determines access to this machine's memory. */
export interface Host {
  readonly release: string;
  readonly root: boolean;
  /** Whether /proc/kcore exists. */
  readonly kcore: boolean;
  /** CAP_SYS_RAWIO, without which neither /dev/mem nor /proc/kcore can be opened. */
  readonly rawIo: boolean;
  readonly lockdown: string | undefined;
  /** CONFIG_STRICT_DEVMEM: y, n, or undefined if the configuration cannot be read. */
  readonly strictDevmem: string | undefined;
  readonly iomem: readonly IomemEntry[];
  /** Physical address and length of the note that /sys/kernel/vmcoreinfo names. */
  readonly vmcoreinfo: Range | undefined;
  /** Whether the hardware has reported broken memory: touching it through a mapping would end the process. */
  readonly brokenMemory: boolean;
}

const CAP_SYS_RAWIO = 17;

/** Collects all of this from /proc and /sys. Never throws: what cannot be read is undefined or empty. */
export function readHost(): Host {
  const release = hostText('/proc/sys/kernel/osrelease')?.trim() ?? '';
  const note = /^([0-9a-f]+) ([0-9a-f]+)/.exec(hostText('/sys/kernel/vmcoreinfo') ?? '');
  const at = note ? Number.parseInt(note[1]!, 16) : 0;
  return {
    release,
    root: process.geteuid?.() === 0,
    kcore: existsSync('/proc/kcore'),
    rawIo: hasCapability(hostText('/proc/self/status'), CAP_SYS_RAWIO),
    lockdown: lockdown(hostText('/sys/kernel/security/lockdown')),
    strictDevmem: kernelConfig(release, 'CONFIG_STRICT_DEVMEM'),
    iomem: parseIomem(hostText('/proc/iomem') ?? ''),
    vmcoreinfo: note && at > 0 ? { start: at, end: at + Number.parseInt(note[2]!, 16) } : undefined,
    brokenMemory: /^HardwareCorrupted:\s*[1-9]/m.test(hostText('/proc/meminfo') ?? ''),
  };
}
