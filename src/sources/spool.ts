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
  const dir = mkdtempSync(join(tmpdir(), 'structpage-'));
  const path = join(dir, 'spool');
  const fd = openSync(path, 'wx+', 0o600);
  unlinkSync(path);
  rmdirSync(dir);
  return fd;
}

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
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        throw new FormatError({
          file: name,
          expected: `room for the decompressed data in ${tmpdir()}`,
          found: `a full disk after ${size + done} bytes`,
          advice: 'Set TMPDIR to a directory with more room, or decompress the file yourself',
        });
      }
      size += bytes.length;
    },
    finish: () => fdSource(fd, name, size),
  };
}
