import { closeSync, openSync } from 'node:fs';
import { StructPageError, UnsupportedError } from '../core/errors.ts';
import { type Host, readHost } from '../native/host.ts';
import { explainRefusal } from '../native/refusal.ts';
import type { OpenImage } from '../sources/image-format.ts';
import { LIVE_METHODS, type LiveMethod, openMethod } from './live.ts';

/** A way to the memory of this machine, and whether it is open. */
export interface LiveSource {
  readonly name: LiveMethod | 'vmcore';
  readonly path: string;
  /** The place in the order in which `openLive` tries them, from 1; undefined for what is only read when it is named. */
  readonly order: number | undefined;
  readonly works: boolean;
  /** A sentence: what there is, or why it does not work. */
  readonly why: string;
  /** What a user could do; empty where it works. */
  readonly remedy: string;
}

const PATHS: Record<LiveMethod, string> = {
  kcore: '/proc/kcore',
  crash: '/dev/crash',
  mmap: '/dev/mem',
  read: '/dev/mem',
};

/** Tries every way to the memory of this machine: opens it, and reads one page of RAM at the most. Never throws. */
export function doctor(host: Host = readHost()): LiveSource[] {
  const ways = LIVE_METHODS.map((name, i): LiveSource => {
    const common = { name, path: PATHS[name], order: i + 1 };
    let image: OpenImage | undefined;
    try {
      image = openMethod(name, host);
      const bytes = image.memory.runs.reduce((sum, r) => sum + (r.end - r.start), 0);
      const why = `gives ${Math.round(bytes / 2 ** 20)} MiB of RAM${image.warnings.length > 0 ? ` (${image.warnings.join('; ')})` : ''}`;
      return { ...common, works: true, why, remedy: '' };
    } catch (error) {
      return { ...common, works: false, ...explained(error) };
    } finally {
      image?.close();
    }
  });
  return [...ways, vmcore(host)];
}

/** The memory of the kernel that crashed; only in the kernel that kdump boots after it. */
function vmcore(host: Host): LiveSource {
  const path = '/proc/vmcore';
  const common = { name: 'vmcore', path, order: undefined } as const;
  try {
    closeSync(openSync(path, 'r'));
    return {
      ...common,
      works: true,
      why: `has the memory of the kernel that crashed: name ${path} as the dump`,
      remedy: '',
    };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    return { ...common, works: false, ...explainRefusal(path, 'open', code, host) };
  }
}

function explained(error: unknown): { why: string; remedy: string } {
  if (error instanceof UnsupportedError) return { why: error.what, remedy: error.needed };
  if (error instanceof StructPageError) return { why: error.message, remedy: 'please report this' };
  throw error;
}
