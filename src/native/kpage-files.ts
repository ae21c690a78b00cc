import { closeSync, openSync, readSync } from 'node:fs';
import { refusalError } from './refusal.ts';

const PATHS = { flags: '/proc/kpageflags', counts: '/proc/kpagecount' } as const;

/** The running kernel's own answers: a 64-bit word per pfn in each file. */
export interface KpageFiles {
  /** Fills both arrays with the words of the pfns from `start` on; beyond the end of the files they are 0. */
  read(start: number, flags: BigUint64Array, counts: BigUint64Array): void;
  close(): void;
}

/** Opens /proc/kpageflags and /proc/kpagecount. Throws an UnsupportedError that tells the requirements. */
export function openKpageFiles(): KpageFiles {
  const flagsFd = open(PATHS.flags);
  let countsFd: number;
  try {
    countsFd = open(PATHS.counts);
  } catch (error) {
    closeSync(flagsFd);
    throw error;
  }
  return {
    read(start, flags, counts) {
      fill(flagsFd, PATHS.flags, start, flags);
      fill(countsFd, PATHS.counts, start, counts);
    },
    close() {
      closeSync(flagsFd);
      closeSync(countsFd);
    },
  };
}

function open(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    throw refused(path, error);
  }
}

function fill(fd: number, path: string, start: number, words: BigUint64Array): void {
  const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
  let done = 0;
  try {
    while (done < bytes.length) {
      const got = readSync(fd, bytes, done, bytes.length - done, start * 8 + done);
      if (got === 0) break;
      done += got;
    }
  } catch (error) {
    throw refused(path, error);
  }
  bytes.fill(0, done);
}

function refused(path: string, error: unknown): Error {
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  if (code === 'ENOENT') {
    return refusalError({
      why: `there is no ${path} to compare with: the kernel was built without CONFIG_PROC_PAGE_MONITOR, or this is a container that hides it`,
      remedy: 'run structpage on the host itself, with its /proc',
    });
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return refusalError({ why: `only root may read ${path} (${code})`, remedy: 'run structpage with sudo' });
  }
  return refusalError({ why: `${path} cannot be read (${code})`, remedy: 'see the log of the kernel' });
}
