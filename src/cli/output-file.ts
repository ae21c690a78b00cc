import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { UsageError } from '../index.ts';
import { ClosedPipe, stdout } from './output.ts';

type Write = (data: string | Uint8Array) => Promise<void>;

/**
 * Writes under a temporary name beside the file, and renames it when all is written. Nothing is left otherwise. Standard
 * output (-) and what is no regular file (a device, a pipe) are written to as they are.
 */
export async function intoFile(path: string, use: (write: Write) => Promise<void>): Promise<void> {
  if (path === '-') return use(stdout);
  if (isSpecial(path)) return intoSpecial(path, use);
  removeLeftovers(path);
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  const remove = (): void => rmSync(temporary, { force: true });
  const interrupted = (signal: NodeJS.Signals): void => {
    remove();
    process.exit(signal === 'SIGINT' ? 130 : 143);
  };
  // before there is a file that a signal could leave behind
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  try {
    const fd = create(temporary, path);
    await use(writer(fd));
    closeSync(fd);
    renameSync(temporary, path);
  } catch (error) {
    remove();
    throw explained(error, path);
  } finally {
    process.off('SIGINT', interrupted);
    process.off('SIGTERM', interrupted);
  }
}

function writer(fd: number): Write {
  return async (data) => {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
    // a signal is only heard between two turns of the loop
    await new Promise((resolve) => setImmediate(resolve));
  };
}

function isSpecial(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && !stat.isFile() && !stat.isDirectory();
}

async function intoSpecial(path: string, use: (write: Write) => Promise<void>): Promise<void> {
  let fd: number | undefined;
  try {
    fd = openSync(path, 'w');
    await use(writer(fd));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') throw new ClosedPipe();
    throw explained(error, path);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** What the system said of a file that cannot be written, as a sentence; other errors as they are. */
function explained(error: unknown, path: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  const why = WHY[code ?? ''];
  return why === undefined ? error : new UsageError(`cannot write ${path}: ${why}`);
}

const WHY: Record<string, string> = {
  ENOSPC: 'the disk is full',
  EFBIG: 'the file would be larger than is allowed',
  EIO: 'an input/output error',
  ENOENT: 'there is no such directory',
  EACCES: 'no permission',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
  ENXIO: 'there is no such device, or nobody listens',
  EISDIR: 'it is a directory',
  ENOTDIR: 'a part of the path is no directory',
};

/** Creates a file; `path` is what it stands for in messages. */
function create(temporary: string, path: string): number {
  try {
    return openSync(temporary, 'wx');
  } catch (error) {
    throw explained(error, path);
  }
}

/** Takes away what writers of the same file have left that were killed. */
function removeLeftovers(path: string): void {
  const start = `.${basename(path)}.`;
  let names: string[];
  try {
    names = readdirSync(dirname(path));
  } catch {
    return;
  }
  for (const name of names) {
    const pid = name.startsWith(start) ? /^(\d+)\.tmp$/.exec(name.slice(start.length))?.[1] : undefined;
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    rmSync(join(dirname(path), name), { force: true });
  }
}
