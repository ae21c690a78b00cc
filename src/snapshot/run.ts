import { join } from 'node:path';
import { milliseconds } from '../core/clock.ts';
import { OutputError } from '../core/errors.ts';
import type { Inspector } from '../inspector/inspector.ts';
import { type Keep, tooMuch, trimStore } from './keep.ts';
import type { Held, Lock } from './lock.ts';
import type { SnapshotOrigin } from './origin.ts';
import { encodedHost } from './paths.ts';
import { Spool } from './spool.ts';
import { type Store, storeKey } from './store.ts';
import { type SnapshotJob, type SnapshotReport, takeSnapshot } from './take.ts';

/** The most that a page takes in a file, and the most that the files without pages take, in bytes. */
const PAGE_BYTES = 8;
const OTHER_BYTES = 1 << 20;
/** The spool of a machine whose spool folder cannot be used; readers of the store leave out names with a dot. */
const SPOOL_IN_STORE = '.spool';

/** Where a snapshot goes. */
export interface Destination {
  readonly store: Store;
  /** The folder under which each host and store has its own. */
  readonly spool: string;
  readonly keep: Keep;
  /** Takes a sentence for the user. */
  readonly say: (sentence: string) => void;
}

/** What a run did. */
export interface SnapshotResult extends SnapshotReport {
  readonly files: number;
  /** Bytes of the files of this snapshot. */
  readonly bytes: number;
  readonly seconds: number;
  /** Files that the store received, with those of earlier snapshots. */
  readonly sent: number;
  /** Snapshots that wait in the spool. */
  readonly spooled: number;
  /** Snapshots that were given up, since the spool would be too large. */
  readonly dropped: number;
  /** Snapshots of this host that were removed from the store. */
  readonly removed: number;
}

/** Another process takes a snapshot for the same host and store. */
export interface Busy {
  readonly busy: string;
}

/**
 * Takes a snapshot and brings it to its store, with all that wait from earlier runs, oldest first. A snapshot that cannot be
 * sent stays in the spool. Throws OutputError if it cannot be written at all.
 */
export async function runSnapshot(
  inspector: Inspector,
  origin: SnapshotOrigin,
  job: SnapshotJob,
  to: Destination,
): Promise<SnapshotResult | Busy> {
  const started = milliseconds();
  const { store, say } = to;
  const spool = openSpool(to, origin.host);
  const lock = spool.lock();
  if (lock === undefined) say(`${spool.folder} cannot be locked: another run may use it at the same time`);
  if (isHeld(lock))
    return { busy: `a snapshot of ${origin.host} to ${store.name} is already running (${lock.by})` };
  const delivery = new Delivery(spool, to);
  try {
    const pages = job.columns ? Math.ceil(inspector.presentPages / job.sample.of) : 0;
    await makeRoom(spool, delivery, pages * PAGE_BYTES + OTHER_BYTES);
    let [files, bytes] = [0, 0];
    const report = await takeSnapshot(inspector, job, async (table, write) => {
      bytes += await spool.write(table, write);
      files++;
    });
    const { time, boot_id: bootId } = job.facts;
    spool.finish({ host: origin.host, bootId, time: time! });
    await delivery.send();
    const dropped = dropTooMuch(spool, to.keep);
    if (dropped > 0) {
      say(
        `${dropped} snapshots that could not be sent were given up: the spool is larger or older than --keep allows`,
      );
    }
    const removed = store.folder === undefined ? 0 : trimStore(store.folder, origin.host, to.keep);
    return {
      ...report,
      files,
      bytes,
      seconds: (milliseconds() - started) / 1000,
      sent: delivery.sent,
      spooled: spool.waiting().length,
      dropped,
      removed,
    };
  } finally {
    spool.abandon();
    store.close();
    lock?.release();
  }
}

function isHeld(lock: Lock | Held | undefined): lock is Held {
  return lock !== undefined && 'by' in lock;
}

/** Opens the spool of a host; in the store, if it is a folder and no other place can be written. */
function openSpool({ store, spool, say }: Destination, host: string): Spool {
  const own = `${encodedHost(host)}-${storeKey(store)}`;
  try {
    return new Spool(join(spool, own), host);
  } catch (error) {
    if (!(error instanceof OutputError) || store.folder === undefined) throw error;
    say(`${error.message}; the spool is in the store`);
    return new Spool(join(store.folder, SPOOL_IN_STORE, own), host);
  }
}

/** Prepares the spool for a snapshot. A full spool may have room once it has been sent. */
async function makeRoom(spool: Spool, delivery: Delivery, bytes: number): Promise<void> {
  try {
    spool.begin(bytes);
  } catch (error) {
    if (!(error instanceof OutputError)) throw error;
    await delivery.send();
    if (delivery.sent === 0) throw error;
    spool.begin(bytes);
  }
}

function dropTooMuch(spool: Spool, keep: Keep): number {
  const old = tooMuch(spool.waiting(), keep);
  for (const one of old) spool.drop(one);
  return old.length;
}

/** Brings what waits in a spool to its store. */
class Delivery {
  readonly #spool: Spool;
  readonly #to: Destination;
  #isOpen = false;
  #hasFailed = false;
  sent = 0;

  constructor(spool: Spool, to: Destination) {
    this.#spool = spool;
    this.#to = to;
  }

  /** Sends all that waits, oldest first, until the store refuses one. A store that has failed is not asked again. */
  async send(): Promise<void> {
    if (this.#hasFailed) return;
    const { store, say } = this.#to;
    try {
      if (!this.#isOpen) await store.open(this.#spool.isStoreKnown);
      this.#isOpen = true;
      for (const one of this.#spool.waiting()) {
        await this.#spool.send(one, store, () => this.sent++);
        this.#spool.noteStore();
      }
    } catch (error) {
      if (!(error instanceof OutputError)) throw error;
      this.#hasFailed = true;
      say(`${error.message}; the snapshot waits in ${this.#spool.folder} and the next run sends it`);
    }
  }
}
