import { statfsSync } from 'node:fs';
import { OutputError } from '../core/errors.ts';

const GIB = 2 ** 30;
/** What a snapshot leaves free: a part of the file system, and no more than this. */
const MARGIN_PART = 0.05;
const MOST_MARGIN = GIB;

/** The room of a file system, in bytes. */
export interface Room {
  readonly free: number;
  /** What is to stay free. */
  readonly margin: number;
}

/** The room of the file system of a folder. */
export function roomIn(folder: string): Room {
  const { bsize, bavail, blocks } = statfsSync(folder);
  return { free: bavail * bsize, margin: Math.min(MOST_MARGIN, blocks * bsize * MARGIN_PART) };
}

/** Throws OutputError if writing `bytes` into a folder would use the margin of its file system. */
export function checkRoom(folder: string, bytes: number): void {
  const { free, margin } = roomIn(folder);
  if (free - bytes >= margin) return;
  throw new OutputError(
    `cannot write to ${folder}: the file system has ${mib(free)} MiB free, and ${mib(bytes)} MiB with a margin of ${mib(margin)} MiB are needed (5 % of the file system, at most 1 GiB)`,
  );
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}
