import { createWriteStream, mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { FormatError, UsageError } from '../core/errors.ts';
import { loadS3Sdk, makeS3Client, parseS3Address, type S3Sdk, s3Reason } from '../snapshot/s3-client.ts';
import {
  checked,
  FLEET_TABLES,
  type FleetStore,
  type FleetTable,
  type StoreSelection,
  selector,
} from './store.ts';

/** How the files of a bucket are kept on this machine. */
export interface BucketOptions {
  readonly selection: StoreSelection;
  /** Tables to fetch; the others are empty. */
  readonly tables: ReadonlySet<FleetTable>;
  /** Folder for copies. */
  readonly cache: string;
  /** The most bytes that copies take. */
  readonly limit: number;
}

const ATTEMPTS = 4;
const AT_ONCE = 8;

interface StoredFile {
  readonly table: FleetTable;
  readonly key: string;
  readonly size: number;
  /** The path of its copy. */
  readonly file: string;
}

/**
 * Copies the selected files of a store in a bucket, as far as they are not there yet. Files of a store never change. Copies
 * that were not used for longest are removed to make room. Throws UsageError if the selected files are more than the limit,
 * UnsupportedError without the client of S3, and FormatError if the bucket cannot be read.
 */
export async function openBucket(address: string, options: BucketOptions): Promise<FleetStore> {
  const { bucket, prefix, name } = parseS3Address(address);
  const sdk = await loadS3Sdk();
  const client = makeS3Client(sdk, ATTEMPTS);
  const folder = join(options.cache, encodeURIComponent(name));
  try {
    const found: StoredFile[] = [];
    for (const table of FLEET_TABLES) {
      if (!options.tables.has(table)) continue;
      const start = prefix === '' ? '' : `${prefix}/`;
      for await (const { key, size } of listed(sdk, client, bucket, `${start}${table}/`)) {
        const path = key.slice(start.length);
        // what could leave the folder of copies is no path of a store
        if (!selector(options.selection)(path) || !path.endsWith('.parquet') || /[\\]|\/\//.test(path))
          continue;
        found.push({ table, key, size, file: join(folder, path) });
      }
    }
    const total = found.reduce((sum, { size }) => sum + size, 0);
    if (total > options.limit) {
      throw new UsageError(
        `the selected files of ${name} have ${mebibytes(total)}, more than the ${mebibytes(options.limit)} for copies: select fewer with --from, --to and --host, or raise --cache-limit`,
      );
    }
    makeRoom(options, new Set(found.map((f) => f.file)), total);
    await fetchAll(sdk, client, bucket, found);
    const files = new Map(
      FLEET_TABLES.map((table) => [
        table,
        found
          .filter((f) => f.table === table)
          .map((f) => f.file)
          .sort(),
      ]),
    );
    const { hosts } = options.selection;
    return checked({ location: name, files, ...(hosts ? { hosts } : {}) }, options.selection);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new FormatError({ file: name, expected: 'files that can be read', found: s3Reason(error) });
  } finally {
    client.destroy();
  }
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1048576).toFixed(1)} MiB`;
}

type Client = ReturnType<typeof makeS3Client>;

async function* listed(
  sdk: S3Sdk,
  client: Client,
  bucket: string,
  prefix: string,
): AsyncGenerator<{ key: string; size: number }> {
  for (let token: string | undefined; ; ) {
    const answer = await client.send(
      new sdk.ListObjectsV2Command({
        Bucket: bucket,
        Prefix: prefix,
        ...(token ? { ContinuationToken: token } : {}),
      }),
    );
    for (const { Key, Size } of answer.Contents ?? [])
      if (Key !== undefined) yield { key: Key, size: Size ?? 0 };
    token = answer.NextContinuationToken;
    if (!answer.IsTruncated || token === undefined) return;
  }
}

async function fetchAll(
  sdk: S3Sdk,
  client: Client,
  bucket: string,
  files: readonly StoredFile[],
): Promise<void> {
  const waiting = files.values();
  const work = async (): Promise<void> => {
    for (const { key, size, file } of waiting) {
      if (statSync(file, { throwIfNoEntry: false })?.size === size) {
        const now = new Date();
        utimesSync(file, now, now);
        continue;
      }
      mkdirSync(dirname(file), { recursive: true });
      const partial = `${file}.${process.pid}.part`;
      try {
        const { Body } = await client.send(new sdk.GetObjectCommand({ Bucket: bucket, Key: key }));
        await pipeline(Body as Readable, createWriteStream(partial));
        renameSync(partial, file);
      } finally {
        rmSync(partial, { force: true });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

/** Removes copies that are not wanted now, those first that were not used for longest. */
function makeRoom({ cache, limit }: BucketOptions, wanted: ReadonlySet<string>, total: number): void {
  mkdirSync(cache, { recursive: true });
  const others = readdirSync(cache, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !wanted.has(file))
    .map((file) => ({ file, stat: statSync(file, { throwIfNoEntry: false }) }))
    .sort((a, b) => (b.stat?.mtimeMs ?? 0) - (a.stat?.mtimeMs ?? 0));
  let kept = total;
  for (const { file, stat } of others) {
    kept += stat?.size ?? 0;
    if (kept > limit) rmSync(file, { force: true });
  }
}
