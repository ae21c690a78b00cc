import { mkdtempSync, openSync, rmdirSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ByteSource } from '../core/bytes.ts';
import { FormatError } from '../core/errors.ts';
import { fdSource } from './fd-source.ts';

/** A temporary file that has no name any more, so that nothing is left behind however the process ends. */
export interface Spool {
  write(bytes: Uint8Array): void;
  /** What was written, to be read. The spool must not be written to any more. */
  finish(): ByteSource;
}

/** Opens a new file in the system's temporary directory (TMPDIR) and takes its name away. */
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
  ENOTDIR: 'something that is no directory',
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

/** Makes a spool in the system's temporary directory (TMPDIR) for the content of `name`, of at most `limit` bytes. */
export function openSpool(name: string, limit: number = Infinity): Spool {
  const fd = openNameless();
  let size = 0;
  return {
    write(bytes) {
      let done = 0;
      if (size + bytes.length > limit) {
        throw new FormatError({
          file: name,
          expected: `at most ${limit} bytes of temporary space to be needed (the limit that was set)`,
          found: 'more',
          advice: 'Raise the limit, or decompress the file yourself',
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
      size += bytes.length;
    },
    finish: () => fdSource(fd, name, size),
  };
}
