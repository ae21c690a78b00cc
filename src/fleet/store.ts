import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../core/errors.ts';
import { SNAPSHOT_TABLES, type SnapshotTable } from '../snapshot/schema.ts';

/** A table of a store: those of snapshots, and the dumps that could not be decoded (fleet/spark/decode.py). */
export type FleetTable = SnapshotTable | 'errors';

export const FLEET_TABLES: readonly FleetTable[] = [...SNAPSHOT_TABLES, 'errors'];

/** Which snapshots of a store are wanted. Dates are as in paths, YYYY-MM-DD, and inclusive. */
export interface StoreSelection {
  readonly from?: string;
  readonly to?: string;
  /** Names of hosts; all if not given. */
  readonly hosts?: readonly string[];
}

/** The files of snapshots, by table. */
export interface FleetStore {
  /** A folder, or s3://bucket/prefix. */
  readonly location: string;
  /** Paths of local files in alphabetical order. */
  readonly files: ReadonlyMap<FleetTable, readonly string[]>;
  /** Hosts that are wanted, where a file may have several; all if not given. */
  readonly hosts?: readonly string[];
}

/**
 * Lists the Parquet files of a store in a folder. Files and folders that begin with `.` or `_` are those of writers, and left
 * out. Throws UsageError if the folder holds no snapshots, or none of the selected.
 */
export function openFolder(folder: string, selection: StoreSelection = {}): FleetStore {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new UsageError(
      `${folder} is not a folder of snapshots: 'structpage snapshot --to ${folder}' makes one`,
    );
  }
  const isWanted = selector(selection);
  const files = new Map(
    FLEET_TABLES.map((table) => [table, filesBelow(join(folder, table), table, isWanted).sort()] as const),
  );
  return checked(
    { location: folder, files, ...(selection.hosts ? { hosts: selection.hosts } : {}) },
    selection,
  );
}

/** Whether a path within a store, from the name of its table on, is that of a finished file that is wanted. */
export function selector({ from, to, hosts }: StoreSelection): (path: string) => boolean {
  const names = hosts && new Set(hosts);
  return (path) => {
    const parts = path.split('/');
    const date = partOf(parts, 'date');
    const host = partOf(parts, 'host');
    if (parts.some((part) => /^[._]/.test(part))) return false;
    if (date !== undefined && ((from !== undefined && date < from) || (to !== undefined && date > to)))
      return false;
    return names === undefined || host === undefined || names.has(host);
  };
}

/** The value of a part `key=value` of a path. */
function partOf(parts: readonly string[], key: string): string | undefined {
  const part = parts.find((p) => p.startsWith(`${key}=`));
  if (part === undefined) return undefined;
  const text = part.slice(key.length + 1);
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Throws UsageError for a store without snapshots. */
export function checked(store: FleetStore, { from, to, hosts }: StoreSelection): FleetStore {
  if ([...store.files.values()].some((list) => list.length > 0)) return store;
  const isPart = from !== undefined || to !== undefined || hosts !== undefined;
  throw new UsageError(
    isPart
      ? `${store.location} has no snapshots of the selected dates and hosts`
      : `${store.location} holds no snapshots: expected files such as hosts/date=2026-11-21/host=NAME/*.parquet, which 'structpage snapshot --to' writes`,
  );
}

function filesBelow(folder: string, path: string, isWanted: (path: string) => boolean): string[] {
  let entries: ReturnType<typeof entriesOf>;
  try {
    entries = entriesOf(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // a store without this table, or a date that was deleted meanwhile
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw new UsageError(`cannot list ${folder}: ${(error as Error).message}`);
  }
  return entries.flatMap((entry) => {
    const below = `${path}/${entry.name}`;
    if (!isWanted(below)) return [];
    if (entry.isDirectory()) return filesBelow(join(folder, entry.name), below, isWanted);
    return entry.name.endsWith('.parquet') ? [join(folder, entry.name)] : [];
  });
}

function entriesOf(folder: string) {
  return readdirSync(folder, { withFileTypes: true });
}
