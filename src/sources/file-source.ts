import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ByteSource } from '../core/bytes.ts';
import { FormatError } from '../core/errors.ts';
import type { OpenContext } from './image-format.ts';
import { spoolStream } from './spool-stream.ts';

/** What errno says, in words that name a remedy. */
const ERRNO: Record<string, string> = {
  ENOENT: 'no such file',
  EACCES: 'no permission to read it (dumps are usually readable by root only)',
  EPERM: 'the kernel forbids reading it',
  EISDIR: 'a directory',
  ELOOP: 'a loop of symbolic links',
};

/**
 * Opens a file or block device for reading; `-` is standard input. What cannot be read at any place (a pipe) is
 * copied to a temporary file first. Throws FormatError with a plain sentence when that cannot be.
 */
export function openFile(
  path: string,
  context: Pick<OpenContext, 'progress' | 'spoolLimit'> = {},
): ByteSource {
  const fail = (error: unknown): never => {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new FormatError({ file: path, expected: 'a readable file', found: ERRNO[code] ?? code });
  };
  let fd: number;
  try {
    fd = path === '-' ? 0 : openSync(path, 'r');
  } catch (error) {
    return fail(error);
  }
  const stat = fstatSync(fd);
  if (stat.isDirectory()) {
    closeSync(fd);
    return fail({ code: 'EISDIR' });
  }
  const name = path === '-' ? 'standard input' : path;
  if (stat.isFIFO() || stat.isSocket() || (path === '-' && stat.isCharacterDevice())) {
    return spoolStream(fd, name, context);
  }
  if (stat.isFile() && stat.size === 0) {
    closeSync(fd);
    throw new FormatError({ file: path, expected: 'a memory dump', found: 'an empty file' });
  }
  return fdSource(fd, name, stat.isFile() ? stat.size : Infinity);
}

/** How many files of a directory are looked at for the parts of a split dump. */
const MOST_BESIDE = 1024;

/** The files in the directory of the one named, without it; none if it is not a file of a directory. */
export function filesBeside(path: string): string[] {
  try {
    const dir = dirname(path);
    return readdirSync(dir, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => (dir === '.' && !path.startsWith('.') ? entry.name : join(dir, entry.name)))
      .filter((name) => name !== path)
      .sort()
      .slice(0, MOST_BESIDE);
  } catch {
    return [];
  }
}

/** What reading a bad sector or a forbidden address says: those bytes are not to be had, others may be. */
const UNREADABLE = new Set(['EIO', 'EFAULT', 'ENXIO', 'EPERM', 'EINVAL', 'EOVERFLOW']);

function readSome(fd: number, name: string, target: Uint8Array, offset: number): number {
  try {
    return readSync(fd, target, 0, target.length, offset);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    if (UNREADABLE.has(code)) return 0;
    throw new FormatError({
      file: name,
      offset,
      expected: 'bytes that can be read',
      found: ERRNO[code] ?? code,
    });
  }
}

/** A source over an open descriptor, which it takes over. */
export function fdSource(fd: number, name: string, byteLength: number): ByteSource {
  let open = true;
  return {
    name,
    byteLength,
    readInto(offset, target) {
      let done = 0;
      // read(2) gives at most 0x7ffff000 bytes, and may give less
      while (done < target.length) {
        const got = readSome(fd, name, target.subarray(done), offset + done);
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
