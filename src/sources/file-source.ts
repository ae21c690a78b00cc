import { closeSync, constants, fstatSync, openSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ByteSource } from '../core/bytes.ts';
import { FormatError } from '../core/errors.ts';
import { fdSource } from './fd-source.ts';
import type { OpenContext } from './image-format.ts';
import { spoolStream } from './spool-stream.ts';

/** The meaning of errno, in words that name a remedy. */
const ERRNO: Record<string, string> = {
  ENOENT: 'no such file',
  EACCES: 'no permission to read it (dumps are usually readable by root only)',
  EPERM: 'the kernel forbids reading it',
  EISDIR: 'a directory',
  ENXIO: 'a socket, or a device without a driver',
  ELOOP: 'a loop of symbolic links',
  ENAMETOOLONG: 'a name that is too long',
  EMFILE: "no descriptor left for it (see 'ulimit -n')",
  ENFILE: 'no descriptor left for it on this machine',
  ENOTDIR: 'a path with a part that is not a directory',
  EIO: 'an input/output error',
};

/**
 * Opens a file or block device for reading; `-` is standard input. A pipe, which cannot be read at any offset, is copied to
 * a temporary file first. Throws FormatError with a plain sentence if it fails.
 */
export function openFile(
  path: string,
  context: Pick<OpenContext, 'progress' | 'spoolLimit' | 'warn'> = {},
): ByteSource {
  const fail = (error: unknown): never => {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new FormatError({
      file: path,
      expected: 'a readable file',
      found: ERRNO[code] ?? code,
      // Node.js passes arguments as text, and has lost bytes that are not UTF-8
      ...(path.includes('\ufffd')
        ? { advice: 'If its name is not UTF-8, give it by a link, or on standard input' }
        : {}),
    });
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
  // reading a device may trigger it, and /proc/kcore is not a file of its stated size
  if (path !== '-' && (stat.isCharacterDevice() || isKcore(path))) {
    closeSync(fd);
    throw new FormatError({
      file: path,
      expected: 'a memory dump',
      found: stat.isCharacterDevice() ? 'a character device' : 'the memory of the running kernel',
      advice: 'Without a dump, structpage reads the memory of this machine',
    });
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

function isKcore(path: string): boolean {
  return realpathSync(path) === '/proc/kcore';
}

/** Opens a file that nobody named: a regular file only, without blocking. Undefined if that is not possible. */
export function openRegular(path: string): ByteSource | undefined {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
  const stat = fstatSync(fd);
  if (stat.isFile() && stat.size > 0 && !isKcore(path)) return fdSource(fd, path, stat.size);
  closeSync(fd);
  return undefined;
}

/** Maximum number of files of a directory that are examined for the parts of a split dump. */
const MOST_BESIDE = 1024;

/** The other files in the directory of a file; none if it is not in a directory. */
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
