import {
  closeSync,
  existsSync,
  fchmodSync,
  fchownSync,
  openSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { explained } from '../core/write-faults.ts';
import { UsageError } from '../index.ts';
import { ClosedPipe, stdoutData, writeAll } from './output.ts';

type Write = (data: string | Uint8Array) => Promise<void>;

/** The exit code for a signal is 128 plus its number. */
const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** Maximum number of names tried for the temporary file. */
const MOST_NAMES = 100;

/** Help for --json of commands that write a file. */
export const REPORT_HELP = 'print what was written, as JSON';

/** Throws UsageError if a report in JSON would mix with the output. */
export function refuseReport({ output, json }: { readonly output: string; readonly json?: boolean }): void {
  if (json && output === '-') throw new UsageError('--json and --output - both write to standard output');
}

/** Throws UsageError if the output file is one of the inputs, under whatever name. */
export function refuseInput(path: string, inputs: readonly string[]): void {
  if (path === '-') return;
  const output = statQuietly(path);
  if (!output) return;
  for (const input of inputs) {
    const names = input === '-' || input === 'standard input' ? [input, '/dev/stdin'] : [input];
    for (const stat of names.map(statQuietly)) {
      if (!stat || !isSame(output, stat)) continue;
      throw new UsageError(
        `the output ${path} is also an input (${input}), and would be lost: name another file`,
      );
    }
  }
}

function isSame(a: Stats, b: Stats): boolean {
  if (a.isBlockDevice() && b.isBlockDevice()) return a.rdev === b.rdev;
  return a.isFile() && b.isFile() && a.dev === b.dev && a.ino === b.ino;
}

function statQuietly(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

/**
 * Writes to a temporary file beside the output file, and renames it when it is complete; otherwise leaves nothing behind. A
 * file that is replaced keeps its owner and mode. Standard output (-) and special files (devices, pipes) are written
 * directly. Throws UsageError if the file is one of `inputs`.
 */
export async function intoFile(
  path: string,
  inputs: readonly string[],
  use: (write: Write) => Promise<void>,
): Promise<void> {
  refuseInput(path, inputs);
  if (path === '-') return use(stdoutData);
  const before = statQuietly(path);
  if (before && !before.isFile() && !before.isDirectory()) return intoSpecial(path, use);
  // a link stays a link, and its target is replaced
  const file = existsSync(path) ? realpathSync(path) : path;
  removeLeftovers(file);
  let temporary: string | undefined;
  const remove = (): void => {
    if (temporary !== undefined) rmSync(temporary, { force: true });
  };
  const interrupted = (signal: NodeJS.Signals): void => {
    remove();
    process.exit(SIGNALS[signal as keyof typeof SIGNALS]);
  };
  // installed before there is a file that a signal could leave behind
  for (const signal in SIGNALS) process.once(signal, interrupted);
  let fd: number | undefined;
  try {
    [fd, temporary] = create(file, before ? 0o600 : 0o666);
    if (before) keepOwner(fd, before);
    await use(writer(fd));
    closeSync(fd);
    fd = undefined;
    renameSync(temporary, file);
  } catch (error) {
    if (fd !== undefined) closeSync(fd);
    remove();
    throw explained(error, path);
  } finally {
    for (const signal in SIGNALS) process.off(signal, interrupted);
  }
}

function writer(fd: number): Write {
  return async (data) => {
    writeAll(fd, data);
    // signals are only handled between two turns of the event loop
    await new Promise((resolve) => setImmediate(resolve));
  };
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

/** Creates a new file beside `file`, never an existing file or link. */
function create(file: string, mode: number): [fd: number, name: string] {
  for (let n = 0; ; n++) {
    const name = join(dirname(file), `${prefixOf(file)}${process.pid}${n === 0 ? '' : `-${n}`}.tmp`);
    try {
      return [openSync(name, 'wx', mode), name];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || n === MOST_NAMES) throw error;
    }
  }
}

/**
 * Gives a file the owner and mode of the file that it replaces. Omits the permissions of the group if the group cannot be
 * set.
 */
function keepOwner(fd: number, { uid, gid, mode }: Stats): void {
  const isGroup = tryOwner(fd, uid, gid) || tryOwner(fd, -1, gid);
  fchmodSync(fd, mode & (isGroup ? 0o777 : 0o707));
}

function tryOwner(fd: number, uid: number, gid: number): boolean {
  try {
    fchownSync(fd, uid, gid);
    return true;
  } catch {
    return false;
  }
}

/** The start of the name of a temporary file, cut so that the whole name keeps within the 255 bytes of a file name. */
function prefixOf(file: string): string {
  let name = basename(file);
  while (Buffer.byteLength(name) > 220) name = name.slice(0, -1);
  return `.${name}.`;
}

/** Removes temporary files of the same output whose writers were killed. */
function removeLeftovers(path: string): void {
  const start = prefixOf(path);
  let names: string[];
  try {
    names = readdirSync(dirname(path));
  } catch {
    return;
  }
  for (const name of names) {
    const pid = name.startsWith(start)
      ? /^(\d+)(?:-\d+)?\.tmp$/.exec(name.slice(start.length))?.[1]
      : undefined;
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    rmSync(join(dirname(path), name), { force: true });
  }
}
