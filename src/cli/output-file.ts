import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ClosedPipe, explained, stdout, writeAll } from './output.ts';

type Write = (data: string | Uint8Array) => Promise<void>;

/**
 * Writes under a temporary name beside the file, and renames it when all is written. Nothing is left otherwise. Standard
 * output (-) and what is no regular file (a device, a pipe) are written to as they are.
 */
export async function intoFile(path: string, use: (write: Write) => Promise<void>): Promise<void> {
  if (path === '-') return use(stdout);
  if (isSpecial(path)) return intoSpecial(path, use);
  // a link stays one, and what it leads to is replaced
  const file = existsSync(path) ? realpathSync(path) : path;
  removeLeftovers(file);
  const temporary = join(dirname(file), `.${basename(file)}.${process.pid}.tmp`);
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
    renameSync(temporary, file);
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
    writeAll(fd, data);
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
