import { openLibc } from './libc.ts';

/** LOCK_EX | LOCK_NB (include/uapi/asm-generic/fcntl.h). */
const EXCLUSIVE_NOW = 2 | 4;

/**
 * Locks an open file against other processes, until it is closed or this process ends. Returns whether it was free;
 * undefined where files cannot be locked.
 */
export function lockFile(fd: number): boolean | undefined {
  try {
    const libc = openLibc();
    if (libc.func('int flock(int, int)')(fd, EXCLUSIVE_NOW) === 0) return true;
    return libc.errno() === 'EAGAIN' ? false : undefined;
  } catch {
    return undefined;
  }
}
