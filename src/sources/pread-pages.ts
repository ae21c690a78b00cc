import { readSync } from 'node:fs';
import { SMALLEST_PAGE as PAGE } from '../core/address.ts';

/** The result of a read: the number of bytes, and what ended it early. */
export interface Got {
  readonly done: number;
  /** The error of read(2) for the first missing byte. */
  readonly error?: unknown;
}

/**
 * Reads a file of the kernel's memory, at most `most` bytes at a time. One refused page makes the kernel refuse the whole
 * read, so a refused read is repeated page by page up to that page. Never throws.
 */
export function preadPages(fd: number, target: Uint8Array, position: bigint, most: number): Got {
  let done = 0;
  let step = most;
  while (done < target.length) {
    const at = position + BigInt(done);
    const want = Math.min(target.length - done, step - Number(at % BigInt(step)));
    try {
      const got = readSync(fd, target, done, want, at);
      if (got === 0) return { done };
      done += got;
    } catch (error) {
      if (step <= PAGE || want <= PAGE - Number(at % BigInt(PAGE))) return { done, error };
      step = PAGE;
    }
  }
  return { done };
}
