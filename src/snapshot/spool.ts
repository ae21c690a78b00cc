import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { turn } from '../core/breath.ts';
import { explained } from '../core/write-faults.ts';
import type { Sink } from '../export/exporter.ts';
import { syncFile, syncFolder } from './directory-store.ts';
import { checkRoom } from './disk.ts';
import { type Held, type Lock, takeLock } from './lock.ts';
import { parseSnapshotStem, type SnapshotName, snapshotPath, snapshotStem } from './paths.ts';
import { SNAPSHOT_TABLES, type SnapshotTable } from './schema.ts';
import type { Store } from './store.ts';

/** Bytes between two looks at the free room. */
const LOOK_EVERY = 8 << 20;
const PART = 'part';
const READY = 'ready';
const KNOWN = 'known';

/** A snapshot that waits to be sent. */
export interface Waiting {
  readonly name: SnapshotName;
  readonly folder: string;
  readonly bytes: number;
}

/**
 * The folder where the snapshots of a host lie until its store has them:
 *
 * - `lock` is locked by the process that uses the folder;
 * - `known` exists once the store was reached;
 * - `part` has the files of a snapshot that is being taken;
 * - `ready/TIME-BOOT` has the files of a complete snapshot.
 */
export class Spool {
  readonly folder: string;
  readonly #host: string;

  /** Creates the folder. Throws OutputError. */
  constructor(folder: string, host: string) {
    this.folder = folder;
    this.#host = host;
    try {
      mkdirSync(join(folder, READY), { recursive: true, mode: 0o700 });
    } catch (error) {
      throw explained(error, folder);
    }
  }

  lock(): Lock | Held | undefined {
    try {
      return takeLock(join(this.folder, 'lock'));
    } catch (error) {
      throw explained(error, this.folder);
    }
  }

  /** Whether the store was reached before. */
  get isStoreKnown(): boolean {
    return existsSync(join(this.folder, KNOWN));
  }

  noteStore(): void {
    if (!this.isStoreKnown) closeSync(openSync(join(this.folder, KNOWN), 'a'));
  }

  /** Removes what an earlier run has not completed, and makes sure that there is room for `bytes`. Throws OutputError. */
  begin(bytes: number): void {
    try {
      const part = join(this.folder, PART);
      rmSync(part, { recursive: true, force: true });
      checkRoom(this.folder, bytes);
      mkdirSync(part);
    } catch (error) {
      throw explained(error, this.folder);
    }
  }

  /** Writes a file of the snapshot that is being taken. Returns its bytes. Throws OutputError. */
  async write(table: SnapshotTable, use: (sink: Sink) => Promise<void>): Promise<number> {
    const path = join(this.folder, PART, `${table}.parquet`);
    let [done, looked] = [0, 0];
    try {
      const fd = openSync(path, 'w', 0o644);
      try {
        await use(async (data) => {
          const bytes = typeof data === 'string' ? Buffer.from(data) : data;
          for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
          done += bytes.length;
          if (done - looked < LOOK_EVERY) return;
          looked = done;
          checkRoom(this.folder, 0);
          await turn();
        });
      } finally {
        closeSync(fd);
      }
      syncFile(path);
      return done;
    } catch (error) {
      throw explained(error, path);
    }
  }

  /** Marks the snapshot that was being taken as complete. */
  finish(name: SnapshotName): void {
    const target = join(this.folder, READY, snapshotStem(name));
    try {
      // a snapshot of the same second replaces the one before
      rmSync(target, { recursive: true, force: true });
      renameSync(join(this.folder, PART), target);
      syncFolder(join(this.folder, READY));
    } catch (error) {
      throw explained(error, target);
    }
  }

  /** Gives up the snapshot that is being taken. */
  abandon(): void {
    rmSync(join(this.folder, PART), { recursive: true, force: true });
  }

  /** Complete snapshots, oldest first. */
  waiting(): Waiting[] {
    const ready = join(this.folder, READY);
    const names = readdirSync(ready).sort();
    return names.flatMap((text) => {
      const own = parseSnapshotStem(text);
      if (!own) return [];
      const name = { host: this.#host, ...own };
      const folder = join(ready, text);
      const bytes = filesIn(folder).reduce((sum, { path }) => sum + statSync(path).size, 0);
      return [{ name, folder, bytes }];
    });
  }

  /** Sends a snapshot, the file of `hosts` last, and forgets it; calls `sent` for each file. Throws OutputError. */
  async send({ name, folder }: Waiting, store: Store, sent: () => void): Promise<void> {
    for (const { table, path } of filesIn(folder)) {
      await store.put(snapshotPath(table, name), path);
      rmSync(path, { force: true });
      sent();
    }
    rmdirSync(folder);
  }

  /** Forgets a snapshot without sending it. */
  drop({ folder }: Waiting): void {
    rmSync(folder, { recursive: true, force: true });
  }
}

function filesIn(folder: string): { readonly table: SnapshotTable; readonly path: string }[] {
  return SNAPSHOT_TABLES.map((table) => ({ table, path: join(folder, `${table}.parquet`) })).filter(
    ({ path }) => existsSync(path),
  );
}
