import { closeSync, openSync } from 'node:fs';
import type { PhysAddr } from '../core/address.ts';
import type { Range } from '../core/ranges.ts';
import type { Host } from '../native/host.ts';
import { type IomemEntry, systemRam, whyNotRam } from '../native/iomem.ts';
import { MapError, mappingProblem } from '../native/mapping.ts';
import { explainRefusal, type Refusal, refusalError, type Step } from '../native/refusal.ts';
import { MappedWindows } from './dev-mem-windows.ts';
import type { OpenImage, PhysicalMemory, PhysicalRun } from './image-format.ts';
import { runAt } from './pieces.ts';
import { preadPages } from './pread-pages.ts';

/** How bytes are read: through a mapping, or by read(2). */
export type DeviceMethod = 'mmap' | 'read';

/** A device that maps physical memory at its own address. */
export interface Device {
  readonly path: string;
  /** Maximum size of one read(2), in bytes. */
  readonly chunk: number;
  /** Best first. */
  readonly methods: readonly DeviceMethod[];
}

export const DEV_MEM: Device = { path: '/dev/mem', chunk: 2 ** 20, methods: ['mmap', 'read'] };
/** Red Hat's driver refuses reads across the end of a page. */
export const DEV_CRASH: Device = { path: '/dev/crash', chunk: 4096, methods: ['read'] };

const MIB = 2 ** 20;
const E_MACHINE: Partial<Record<NodeJS.Architecture, number>> = { x64: 62, arm64: 183 };

/**
 * Physical memory of this machine through a device, read-only and without O_SYNC. Only what /proc/iomem calls System RAM is
 * touched: anything else may be a device register, which may react to a read.
 *
 * Throws an UnsupportedError that says why the kernel refuses and what to do.
 */
export function openDevice(device: Device, host: Host, method?: DeviceMethod): OpenImage {
  const ram = systemRam(host.iomem);
  const { path } = device;
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    throw refusalError(explainRefusal(path, 'open', codeOf(error), host));
  }
  try {
    if (ram.length === 0) {
      throw refusalError({
        why: `/proc/iomem does not say where RAM is, so nothing of ${path} may be touched`,
        remedy: 'read it as root with CAP_SYS_ADMIN: for others the kernel writes zeros',
      });
    }
    return deviceImage(fd, device, host, ram, method);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function deviceImage(
  fd: number,
  device: Device,
  host: Host,
  ram: readonly Range[],
  method?: DeviceMethod,
): OpenImage {
  const { path } = device;
  const problems: Refusal[] = [];
  let chosen: Reader | undefined;
  for (const candidate of method ? [method] : device.methods) {
    const reader = candidate === 'mmap' ? mapReader(fd, ram, host) : readReader(fd, device.chunk);
    const refusal = 'why' in reader ? reader : tryReader(reader, candidate, path, ram, host);
    if (!refusal) {
      chosen = reader as Reader;
      break;
    }
    problems.push(refusal);
  }
  if (!chosen) throw refusalError(problems[0]!);
  const { read, close } = chosen;
  let open = true;
  return {
    format: `the running kernel (${path}, by ${chosen.name})`,
    memory: ramMemory(path, ram, host.iomem, read, chosen.name === 'read'),
    notes: [],
    ...(E_MACHINE[process.arch] === undefined ? {} : { machine: E_MACHINE[process.arch]! }),
    details: [
      ['System RAM', `${ram.length} ranges of /proc/iomem; nothing else is touched`],
      ['consistency', 'memory changes while it is read'],
    ],
    warnings: problems.map((p) => `${p.why}; read(2) is used`),
    live: true,
    isThisMachine: true,
    close() {
      if (!open) return;
      open = false;
      close();
      closeSync(fd);
    },
  };
}

interface Reader {
  readonly name: DeviceMethod;
  /** Throws an error whose `code` is the name of an errno. */
  read(address: PhysAddr, target: Uint8Array): number;
  close(): void;
}

function mapReader(fd: number, ram: readonly Range[], host: Host): Reader | Refusal {
  const problem = mappingProblem();
  if (problem !== undefined) return { why: problem, remedy: 'use --method read' };
  if (host.brokenMemory) {
    return {
      why: 'the hardware has reported broken memory (HardwareCorrupted in /proc/meminfo), which must not be touched in a mapping',
      remedy: 'use --method read, which survives it',
    };
  }
  const windows = new MappedWindows(fd, ram);
  return {
    name: 'mmap',
    read: (address, target) => windows.read(address, target),
    close: () => windows.close(),
  };
}

function readReader(fd: number, chunk: number): Reader {
  return {
    name: 'read',
    read(address, target) {
      const { done, error } = preadPages(fd, target, BigInt(address), chunk);
      if (done === 0 && error !== undefined) throw error;
      return done;
    },
    close() {},
  };
}

/** Reads a page of RAM above the first MiB: the kernel decides by page, and all of these are alike. */
function tryReader(
  reader: Reader,
  method: DeviceMethod,
  path: string,
  ram: readonly Range[],
  host: Host,
): Refusal | undefined {
  const page = new Uint8Array(4096);
  const at = host.iomem.find((e) => e.name === 'Kernel code' && e.start % 4096 === 0)?.start;
  const start = at ?? Math.max(MIB, (ram.find((r) => r.end > MIB) ?? ram[0]!).start);
  const explain = (step: Step, code: string): Refusal => {
    reader.close();
    return explainRefusal(path, step, code, host);
  };
  try {
    return reader.read(start, page) === 0 ? explain('nothing', '') : undefined;
  } catch (error) {
    return explain(method, codeOf(error));
  }
}

function ramMemory(
  path: string,
  ram: readonly Range[],
  iomem: readonly IomemEntry[],
  read: Reader['read'],
  mayHide: boolean,
): PhysicalMemory {
  const runs: PhysicalRun[] = ram.map((r) => ({ ...r, state: 'present' as const }));
  const one = new Uint8Array(1);
  const readInto = (address: PhysAddr, target: Uint8Array): number => {
    let done = 0;
    while (done < target.length) {
      const at = address + done;
      const run = runAt(runs, at);
      if (run.state !== 'present') break;
      const want = Math.min(target.length - done, run.end - at);
      let got: number;
      try {
        got = read(at, target.subarray(done, done + want));
      } catch {
        break;
      }
      done += got;
      if (got < want) break;
    }
    return done;
  };
  if (mayHide) hideLowZeros(runs, readInto, path);
  return {
    runs,
    readInto,
    runAt(address) {
      const run = runAt(runs, address);
      if (run.state === 'hole') return { ...run, why: whyNotRam(iomem, ram, address) };
      if (run.state !== 'present' || readInto(address, one) === 1) return run;
      const end = Math.min(run.end, (Math.floor(address / 4096) + 1) * 4096);
      return { start: address, end, state: 'unreadable', why: `${path} does not give this page` };
    },
  };
}

/** read(2) returns zeros for RAM below 1 MiB if the kernel is strict; memory that is all zero is not real. */
function hideLowZeros(
  runs: PhysicalRun[],
  readInto: (at: PhysAddr, target: Uint8Array) => number,
  path: string,
): void {
  const first = runs[0]!;
  if (first.start >= MIB) return;
  const end = Math.min(MIB, first.end);
  const bytes = new Uint8Array(end - first.start);
  if (readInto(first.start, bytes) === bytes.length && bytes.some((b) => b !== 0)) return;
  const { why } = explainRefusal(path, 'zeros', '', {
    root: true,
    rawIo: true,
    kcore: true,
    lockdown: undefined,
    strictDevmem: undefined,
  });
  const hidden: PhysicalRun = { start: first.start, end, state: 'unreadable', why };
  runs.splice(0, 1, hidden, ...(first.end > end ? [{ ...first, start: end }] : []));
}

function codeOf(error: unknown): string {
  if (error instanceof MapError) return error.code;
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
