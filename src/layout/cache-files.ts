import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  rmSync,
  type Stats,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** Permission bits that let others write. */
const OTHERS_WRITE = 0o022;
const ROOT = 0;

/** Whether a file or folder belongs to this process's user and nobody else may write to it. */
function isOwn(stats: Stats): boolean {
  const user = process.geteuid?.();
  return user === undefined || (stats.uid === user && (stats.mode & OTHERS_WRITE) === 0);
}

/**
 * Whether a folder belongs to this user, nobody else may write to it, and everything that leads to it belongs to this user
 * or to root: root does not use what it finds in a user's home. `asParent` also accepts a link, and a folder that is root's
 * or open to others, as the place in which to create a folder.
 */
export function isOwnFolder(path: string, asParent = false): boolean {
  const user = process.geteuid?.();
  const stats = lstatSync(path);
  if (!stats.isDirectory() && !(asParent && stats.isSymbolicLink())) return false;
  if (!asParent && !isOwn(stats)) return false;
  for (let at = path; ; at = dirname(at)) {
    const { uid } = lstatSync(at);
    if (user !== undefined && uid !== user && uid !== ROOT) return false;
    if (dirname(at) === at) return true;
  }
}

/** The first missing folder on the way to `path`, or `path`. */
export function firstMissing(path: string): string | undefined {
  let missing: string | undefined;
  for (let at = path; lstatSync(at, { throwIfNoEntry: false }) === undefined; at = dirname(at)) {
    missing = at;
    if (dirname(at) === at) break;
  }
  return missing;
}

/** The bytes of a regular file of this user, not a link, of at most `most` bytes; undefined for anything else. */
export function readOwnFile(path: string, most: number): Uint8Array | undefined {
  // do not block on a FIFO
  const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile() || !isOwn(stats) || stats.size > most) return undefined;
    const bytes = new Uint8Array(stats.size);
    let done = 0;
    for (let got = -1; got !== 0 && done < bytes.length; done += got)
      got = readSync(fd, bytes, done, bytes.length - done, done);
    return bytes.subarray(0, done);
  } finally {
    closeSync(fd);
  }
}

/** Writes a new file under an unpredictable name and returns its path. */
export function writeNewFile(folder: string, bytes: Uint8Array): string {
  const path = join(folder, `.${randomBytes(12).toString('hex')}.tmp`);
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const fd = openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
  return path;
}
