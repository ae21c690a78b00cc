import { mkdtempSync, openSync, rmdirSync, statfsSync, unlinkSync, writeSync } from 'node:fs';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ByteSource } from '../core/bytes.ts';
import { FormatError } from '../core/errors.ts';
import { fdSource } from './fd-source.ts';
import type { OpenContext } from './image-format.ts';

/** An unnamed temporary file, so that nothing is left behind however the process ends. */
export interface Spool {
  write(bytes: Uint8Array): void;
  /** The contents, as a source. The spool must not be written to any more. */
  finish(): ByteSource;
}

/** Creates a file in the system's temporary directory (TMPDIR) and removes its name. */
export function openNameless(): number {
  try {
    const dir = mkdtempSync(join(tmpdir(), 'structpage-'));
    const path = join(dir, 'spool');
    const fd = openSync(path, 'wx+', 0o600);
    unlinkSync(path);
    rmdirSync(dir);
    return fd;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new FormatError({
      file: tmpdir(),
      expected: 'a directory for temporary files',
      found: REFUSALS[code] ?? code,
      advice: 'Set TMPDIR to one that can be written to',
    });
  }
}

const REFUSALS: Record<string, string> = {
  ENOENT: 'no such directory',
  ENOTDIR: 'something that is not a directory',
  EACCES: 'no permission to write there',
  EPERM: 'no permission to write there',
  EROFS: 'a read-only file system',
  ENOSPC: 'a full disk',
};
const FULL: Record<string, string> = {
  ENOSPC: 'a full disk',
  EDQUOT: 'a quota that is used up',
  EFBIG: 'that the file would be larger than is allowed',
};

/** Magic numbers of file systems in memory: tmpfs, ramfs (include/uapi/linux/magic.h). */
const IN_MEMORY: ReadonlySet<number> = new Set([0x01021994, 0x858458f6]);
/** Size up to which a spool takes memory without a remark. */
const LITTLE = 256 * 2 ** 20;

/** The free room of the temporary directory. */
interface Room {
  /** The default limit of one spool. */
  readonly most: number;
  readonly inMemory: boolean;
}

/** Leaves a tenth of the free room to others; half of it if that is memory. */
function roomOf(directory: string): Room {
  try {
    const { type, bavail, bsize } = statfsSync(directory);
    const inMemory = IN_MEMORY.has(type);
    const free = Math.floor(bavail * bsize * 0.9);
    return { most: inMemory ? Math.min(free, Math.floor(freemem() / 2)) : free, inMemory };
  } catch {
    return { most: Infinity, inMemory: false };
  }
}

/**
 * Creates a spool in the system's temporary directory (TMPDIR) for the content of `name`, within the limit of `context`.
 */
export function openSpool(name: string, context: Pick<OpenContext, 'spoolLimit' | 'warn'> = {}): Spool {
  const fd = openNameless();
  const room = roomOf(tmpdir());
  const limit = context.spoolLimit ?? room.most;
  let size = 0;
  return {
    write(bytes) {
      let done = 0;
      if (size + bytes.length > limit) {
        throw new FormatError({
          file: name,
          expected: `at most ${limit} bytes of temporary space to be needed (${context.spoolLimit === undefined ? `what may be taken of the room in ${tmpdir()}` : 'the limit that was set'})`,
          found: 'more',
          advice:
            'Set TMPDIR to a directory with more room, set --spool-limit, or decompress the file yourself',
        });
      }
      try {
        while (done < bytes.length) done += writeSync(fd, bytes, done);
      } catch (error) {
        const found = FULL[(error as NodeJS.ErrnoException).code ?? ''];
        if (found === undefined) throw error;
        throw new FormatError({
          file: name,
          expected: `room for the decompressed data in ${tmpdir()}`,
          found: `${found} after ${size + done} bytes`,
          advice: 'Set TMPDIR to a directory with more room, or decompress the file yourself',
        });
      }
      if (room.inMemory && size <= LITTLE && size + bytes.length > LITTLE) {
        context.warn?.(
          `${name} is copied to ${tmpdir()}, which is in memory: set TMPDIR to a directory on a disk if memory is short`,
        );
      }
      size += bytes.length;
    },
    finish: () => fdSource(fd, name, size),
  };
}
