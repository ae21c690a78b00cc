import { homedir } from 'node:os';
import { join } from 'node:path';
import { openBucket } from './s3-files.ts';
import { FLEET_TABLES, type FleetStore, type FleetTable, openFolder, type StoreSelection } from './store.ts';

/** The most that copies of a bucket take on this machine unless the user gives a limit, in bytes. */
const DEFAULT_LIMIT = 10 * 2 ** 30;

/** What is read of a store. */
export interface StoreOptions extends StoreSelection {
  /** Tables to read of a bucket; all by default. */
  readonly tables?: ReadonlySet<FleetTable>;
  /** The most bytes that copies of a bucket take. */
  readonly cacheLimit?: number;
}

/** Opens a store: a folder, or s3://bucket/prefix, whose files are copied. Throws as openFolder and openBucket do. */
export async function openStore(location: string, options: StoreOptions = {}): Promise<FleetStore> {
  const { tables, cacheLimit, ...selection } = options;
  if (!/^s3:\/\//i.test(location)) return openFolder(location, selection);
  return openBucket(location, {
    selection,
    tables: tables ?? new Set(FLEET_TABLES),
    cache: join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'structpage', 'fleet'),
    limit: cacheLimit ?? DEFAULT_LIMIT,
  });
}

/** The tables that statements may read: those whose names are in them. */
export function tablesIn(sql: string): Set<FleetTable> {
  const words = new Set(sql.toLowerCase().match(/\w+/g));
  const named = FLEET_TABLES.filter((table) => words.has(table));
  // the macro newest() reads hosts
  return new Set([...named, 'hosts']);
}
