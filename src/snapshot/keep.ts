import { readdirSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UsageError } from '../core/errors.ts';
import { encodedHost, parseSnapshotPath, snapshotStem } from './paths.ts';
import { SNAPSHOT_TABLES } from './schema.ts';

const DAY = 86_400_000;

/** How much to keep, counted back from the newest snapshot; undefined for no limit. */
export interface Keep {
  readonly bytes: number | undefined;
  /** In milliseconds. */
  readonly age: number | undefined;
}

export const KEEP_ALL: Keep = { bytes: undefined, age: undefined };

/** Adds a limit to those given before: a size such as 10G, or days such as 30d. Throws UsageError. */
export function parseKeep(text: string, before: Keep = KEEP_ALL): Keep {
  const days = /^(\d{1,6})d(?:ays?)?$/i.exec(text)?.[1];
  if (days !== undefined) return { ...before, age: Number(days) * DAY };
  const [, digits, unit] = /^(\d{1,9})([KMGT])(?:i?B)?$/i.exec(text) ?? [];
  if (digits === undefined) {
    throw new UsageError(`'${text}' is not a limit: write a size such as 500M or 10G, or days such as 30d`);
  }
  return { ...before, bytes: Number(digits) * 1024 ** ' KMGT'.indexOf(unit!.toUpperCase()) };
}

/** Something with a time and a size, of which the oldest are given up first. */
interface Aged {
  readonly name: { readonly time: number };
  readonly bytes: number;
}

/** Those of `all` that a limit gives up; `all` begins with the oldest. The newest one always stays. */
export function tooMuch<T extends Aged>(all: readonly T[], { bytes, age }: Keep): T[] {
  const newest = all.at(-1)?.name.time ?? 0;
  let sum = all.reduce((total, one) => total + one.bytes, 0);
  const out: T[] = [];
  for (const one of all.slice(0, -1)) {
    const isOld = age !== undefined && newest - one.name.time > age;
    const isLarge = bytes !== undefined && sum > bytes;
    if (!isOld && !isLarge) break;
    sum -= one.bytes;
    out.push(one);
  }
  return out;
}

/** A snapshot in a folder that is a store. */
interface Stored extends Aged {
  readonly name: { readonly bootId: string | undefined; readonly time: number };
  readonly paths: readonly string[];
  readonly bytes: number;
}

/** Removes the oldest snapshots of a host from a folder that is a store; those of other hosts stay. Returns how many. */
export function trimStore(folder: string, host: string, keep: Keep): number {
  if (keep.bytes === undefined && keep.age === undefined) return 0;
  const old = tooMuch(storedOf(folder, host), keep);
  for (const { paths } of old) {
    for (const path of paths) {
      rmSync(path, { force: true });
      for (const empty of [dirname(path), dirname(dirname(path))]) removeIfEmpty(empty);
    }
  }
  return old.length;
}

/** The snapshots of a host, oldest first. The file of `hosts` is the first of each, so that what is left of a snapshot does not count. */
function storedOf(folder: string, host: string): Stored[] {
  const found = new Map<string, { name: Stored['name']; paths: string[]; bytes: number }>();
  for (const table of [...SNAPSHOT_TABLES].reverse()) {
    for (const date of namesIn(join(folder, table))) {
      const place = `${table}/${date}/host=${encodedHost(host)}`;
      for (const file of namesIn(join(folder, place))) {
        const name = parseSnapshotPath(`${place}/${file}`);
        if (!name) continue;
        const stem = snapshotStem(name);
        const one = found.get(stem) ?? { name, paths: [], bytes: 0 };
        const path = join(folder, place, file);
        one.paths.push(path);
        one.bytes += statSync(path, { throwIfNoEntry: false })?.size ?? 0;
        found.set(stem, one);
      }
    }
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // it has other files
  }
}
