import { statSync } from 'node:fs';
import { hostname } from 'node:os';
import { UsageError } from '../core/errors.ts';
import { originOf } from '../inspector/about.ts';
import type { Inspector } from '../inspector/inspector.ts';
import { hostText } from '../native/host.ts';
import type { SnapshotFacts } from './schema.ts';

/** Whose memory a snapshot shows, and when. */
export interface SnapshotOrigin {
  readonly host: string;
  readonly facts: SnapshotFacts;
  /** A remark for the user on where the time comes from, if the memory does not tell. */
  readonly remark: string | undefined;
}

const BOOT_ID = '/proc/sys/kernel/random/boot_id';

/**
 * Finds out host, boot and time. This machine is asked where its memory does not tell; a dump without a time has that of its
 * file. Throws UsageError for a dump that does not name its host.
 */
export function snapshotOrigin(
  inspector: Inspector,
  given: { readonly host?: string; readonly time?: number },
): SnapshotOrigin {
  const { image, kernel } = inspector;
  const own = originOf(inspector);
  const host = given.host ?? own.host ?? (image.isThisMachine ? hostname() : undefined);
  if (host === undefined) {
    throw new UsageError('the dump does not tell the name of its host: give it with --host');
  }
  const bootId = own.boot_id ?? (image.isThisMachine ? hostText(BOOT_ID)?.trim() : undefined);
  const told = own.time === undefined ? Number.NaN : Date.parse(own.time);
  const file = image.inputs?.[0];
  let [time, remark] = [given.time ?? told, undefined as string | undefined];
  if (Number.isNaN(time)) {
    if (file === undefined)
      throw new UsageError('the dump does not tell when it was taken: give the time with --time');
    time = statSync(file).mtimeMs;
    remark = `the dump does not tell when it was taken: the snapshot has the time of the file ${file} (--time sets another)`;
  }
  return { host, facts: { time: Math.floor(time), boot_id: bootId, release: kernel.release }, remark };
}
