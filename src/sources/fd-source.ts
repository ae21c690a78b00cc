import { closeSync, openSync, readSync } from 'node:fs';
import type { ByteSource } from '../core/bytes.ts';
import { FormatError, UsageError } from '../core/errors.ts';

/** A source for an open descriptor, which it takes over. */
export function fdSource(fd: number, name: string, byteLength: number): ByteSource {
  let open = true;
  return {
    name,
    byteLength,
    fd,
    readInto(offset, target) {
      // another file may have the number of a closed descriptor by now
      if (!open) throw new UsageError(`${name}: it is closed`);
      let done = 0;
      // read(2) returns at most 0x7ffff000 bytes, and may return less
      while (done < target.length) {
        const got = readSome(fd, name, target, done, offset + done);
        if (got === 0) break;
        done += got;
      }
      return done;
    },
    close() {
      if (open) closeSync(fd);
      open = false;
    },
  };
}

/** A source for the file of a descriptor that belongs to another thread, which may close it at any time. */
export function sharedFdSource(fd: number, name: string, byteLength: number): ByteSource {
  try {
    return fdSource(openSync(`/proc/self/fd/${fd}`, 'r'), name, byteLength);
  } catch {
    // without /proc, or if the file may not be opened a second time
    return { ...fdSource(fd, name, byteLength), close() {} };
  }
}

/** Errors for a bad sector or a forbidden address: those bytes are missing, others may be available. */
const UNREADABLE = new Set(['EIO', 'EFAULT', 'ENXIO', 'EPERM', 'EINVAL', 'EOVERFLOW']);

/** Fills `target` from byte `from` on, as far as one read goes. */
function readSome(fd: number, name: string, target: Uint8Array, from: number, offset: number): number {
  try {
    return readSync(fd, target, from, target.length - from, offset);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    if (UNREADABLE.has(code)) return 0;
    throw new FormatError({
      file: name,
      offset,
      expected: 'bytes that can be read',
      found: code === 'EACCES' ? 'no permission' : code,
    });
  }
}
