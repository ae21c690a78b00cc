import { closeSync, openSync } from 'node:fs';
import { StructPageError, UnsupportedError } from '../core/errors.ts';
import { openKernel } from '../kernel/open-kernel.ts';
import { type Host, readHost } from '../native/host.ts';
import { explainRefusal } from '../native/refusal.ts';
import type { OpenImage } from '../sources/image-format.ts';
import { LIVE_METHODS, LIVE_PATHS, type LiveMethod, openMethod } from './live.ts';
import { inspect } from './open.ts';

/** A method of reading this machine's memory, and whether it works. */
export interface LiveSource {
  readonly name: LiveMethod | 'vmcore';
  readonly path: string;
  /** Its place in the order of `openLive`, from 1; null if it is used only when named. */
  readonly order: number | null;
  readonly works: boolean;
  /** A sentence: what was found, or why it does not work. */
  readonly why: string;
  /** What a user can do; empty if it works. */
  readonly remedy: string;
}

/** Tries every method of reading this machine's memory like `openLive`, up to the first struct pages. Never throws. */
export function doctor(host: Host = readHost()): LiveSource[] {
  const ways = LIVE_METHODS.map(
    (name, i): LiveSource => ({ name, path: LIVE_PATHS[name], order: i + 1, ...tried(name, host) }),
  );
  return [...ways, vmcore(host)];
}

type Finding = Pick<LiveSource, 'works' | 'why' | 'remedy'>;

function tried(name: LiveMethod, host: Host): Finding {
  let image: OpenImage | undefined;
  try {
    image = openMethod(name, host);
    const { kernel, presentPages, warnings } = inspect(image, openKernel(image, image.format));
    const doubts = warnings.length > 0 ? ` (${warnings.join('; ')})` : '';
    return {
      works: true,
      why: `${LIVE_PATHS[name]} gives ${presentPages} struct pages of kernel ${kernel.release}${doubts}`,
      remedy: '',
    };
  } catch (error) {
    return { works: false, ...explained(error) };
  } finally {
    image?.close();
  }
}

/** The memory of the kernel that crashed, in the kernel that kdump boots after it. */
function vmcore(host: Host): LiveSource {
  const path = '/proc/vmcore';
  const common = { name: 'vmcore', path, order: null } as const;
  try {
    closeSync(openSync(path, 'r'));
    const why = `${path} has the memory of the crashed kernel; name it as the dump to read it`;
    return { ...common, works: true, why, remedy: '' };
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
