import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { lockFile } from '../native/flock.ts';

/** A lock that is held until it is released, or until this process ends. */
export interface Lock {
  release(): void;
}

/** Who holds a lock, in words. */
export interface Held {
  readonly by: string;
}

/**
 * Takes the lock of a file, which tells who holds it. The kernel gives up the lock of a process that ends, so a lock is
 * never left behind. Returns undefined where files cannot be locked.
 */
export function takeLock(path: string): Lock | Held | undefined {
  const fd = openSync(path, 'a+', 0o644);
  const isFree = lockFile(fd);
  if (isFree) {
    ftruncateSync(fd, 0);
    writeSync(fd, `process ${process.pid} since ${new Date().toISOString()}\n`);
    return { release: () => closeSync(fd) };
  }
  closeSync(fd);
  if (isFree === undefined) return undefined;
  return { by: readFileSync(path, 'utf8').trim() || 'another process' };
}
