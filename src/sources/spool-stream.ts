import { closeSync, readSync } from 'node:fs';
import type { ByteSource } from '../core/bytes.ts';
import { FormatError } from '../core/errors.ts';
import type { OpenContext } from './image-format.ts';
import { openSpool } from './spool.ts';

const CHUNK = 1024 * 1024;
/** Pause before reading again from a writer that has nothing yet, in milliseconds. */
const PAUSE = 5;

/** Copies a pipe to a temporary file until the writer closes it. Takes over the descriptor. */
export function spoolStream(
  fd: number,
  name: string,
  context: Pick<OpenContext, 'progress' | 'spoolLimit' | 'warn'>,
): ByteSource {
  const spool = openSpool(name, context);
  const buffer = new Uint8Array(CHUNK);
  let size = 0;
  let told = 0;
  try {
    for (;;) {
      const got = readWaiting(fd, buffer);
      if (got === 0) break;
      spool.write(buffer.subarray(0, got));
      size += got;
      if (size - told >= CHUNK) {
        told = size;
        context.progress?.('receiving', size, Infinity);
      }
    }
  } finally {
    if (fd !== 0) closeSync(fd);
  }
  if (size === 0)
    throw new FormatError({ file: name, expected: 'a memory dump', found: 'nothing: it ended at once' });
  return spool.finish();
}

/** Another process may have made the pipe non-blocking: a read then fails with EAGAIN until there is data. */
function readWaiting(fd: number, buffer: Uint8Array): number {
  for (;;) {
    try {
      return readSync(fd, buffer, 0, buffer.length, null);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EOF') return 0;
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE);
    }
  }
}
