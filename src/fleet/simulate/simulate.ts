import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readdirSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { UsageError } from '../../core/errors.ts';
import { packageVersion } from '../../core/version.ts';
import type { Sink } from '../../export/exporter.ts';
import type { Inspector } from '../../inspector/inspector.ts';
import { snapshotPath } from '../../snapshot/paths.ts';
import {
  type FreeRow,
  SNAPSHOT_PAGE_COLUMNS,
  SNAPSHOT_SCHEMA_VERSION,
  type SnapshotFacts,
  type SnapshotTable,
  type SummaryRow,
} from '../../snapshot/schema.ts';
import { writeSnapshotPages, writeSnapshotRows } from '../../snapshot/write-table.ts';
import { type Catalogue, readCatalogue } from './catalogue.ts';
import { HostTiles } from './host-tiles.ts';
import { planFleet, type SimulatedHost, type SimulateOptions } from './plan.ts';
import { type Planted, plantedIn } from './planted.ts';
import { countRows, pageBatches } from './rows.ts';
import { TILE, type Tile } from './tile.ts';

const DAY = 86_400_000;
const MINUTE = 60_000;
/** The hour of the day at which snapshots are taken. */
const HOUR = 3;

/** Which snapshots of a simulation have their pages. */
export type PagesOf = 'last' | 'all' | 'none';

/** What was written. */
export interface SimulateReport {
  readonly planted: Planted;
  readonly files: number;
  readonly bytes: number;
  /** Rows of `pages`. */
  readonly rows: number;
}

/**
 * Writes the snapshots of a simulated fleet into a folder that is empty or missing, and what was planted into its
 * `planted.json`. Throws UsageError for a folder that is not empty, or captures that lack what is needed.
 */
export async function simulateFleet(
  folder: string,
  captures: readonly Inspector[],
  options: SimulateOptions,
  pagesOf: PagesOf = 'last',
  progress: (done: number, total: number) => void = () => {},
): Promise<SimulateReport> {
  mkdirSync(folder, { recursive: true });
  if (readdirSync(folder).length > 0) {
    throw new UsageError(
      `${folder} is not empty: simulated hosts must not be mixed with others, name a new folder`,
    );
  }
  const catalogue = readCatalogue(captures);
  const plan = planFleet(options, catalogue.releases);
  const tiles = new HostTiles(catalogue, plan);
  const files = new Files(folder);
  const dates = Array.from({ length: options.snapshots }, (_, k) => dateOf(options.start + k * DAY));
  let rows = 0;
  for (let k = 0; k < options.snapshots; k++) {
    for (const host of plan.hosts) {
      const isUpdated = host.isUpdated && k >= plan.update;
      const time = options.start + k * DAY + HOUR * 60 * MINUTE + host.index * 1000;
      const snapshot = {
        host,
        time,
        bootId: bootId(options.seed, host.index, Number(isUpdated)),
        release: isUpdated ? host.newRelease : host.oldRelease,
        tiles: tiles.of(host, k),
        hasPages: pagesOf === 'all' || (pagesOf === 'last' && k === options.snapshots - 1),
      };
      await writeSnapshot(files, catalogue, snapshot);
      if (snapshot.hasPages) rows += snapshot.tiles.length * TILE;
      progress(k * options.hosts + host.index + 1, options.snapshots * options.hosts);
    }
  }
  const planted = plantedIn(plan, catalogue, tiles, dates);
  writeFileSync(join(folder, 'planted.json'), `${JSON.stringify(planted, undefined, 2)}\n`);
  return { planted, files: files.count, bytes: files.bytes, rows };
}

interface Snapshot {
  readonly host: SimulatedHost;
  readonly time: number;
  readonly bootId: string;
  readonly release: string;
  readonly tiles: readonly Tile[];
  readonly hasPages: boolean;
}

async function writeSnapshot(files: Files, catalogue: Catalogue, snapshot: Snapshot): Promise<void> {
  const { host, time, tiles } = snapshot;
  const facts: SnapshotFacts = { time, boot_id: snapshot.bootId, release: snapshot.release };
  const write = (table: SnapshotTable, use: (sink: Sink) => Promise<void>): Promise<void> =>
    files.write(snapshotPath(table, { host: host.name, bootId: snapshot.bootId, time }), use);
  if (snapshot.hasPages) {
    await write('pages', (sink) =>
      writeSnapshotPages(SNAPSHOT_PAGE_COLUMNS, pageBatches(tiles, catalogue), facts, sink),
    );
  }
  const summary: SummaryRow[] = [];
  const free: FreeRow[] = [];
  for (const row of countRows(tiles, catalogue, facts)) {
    if ('free' in row) free.push(row.free);
    else summary.push(row.summary);
  }
  await write('summary', (sink) => writeSnapshotRows('summary', summary, sink));
  await write('free', (sink) => writeSnapshotRows('free', free, sink));
  const row = {
    ...facts,
    architecture: catalogue.architecture,
    page_size: catalogue.pageSize,
    version: packageVersion(),
    schema_version: SNAPSHOT_SCHEMA_VERSION,
    pages: tiles.length * TILE,
    managed: tiles.length * TILE,
    sample: '1/1',
    lost: 0,
    role: host.role,
    seconds: 0,
    format: 'simulated',
  };
  await write('hosts', (sink) => writeSnapshotRows('hosts', [row], sink));
}

/** Writes files below a folder, each under a name that readers leave out until it is complete. */
class Files {
  readonly #folder: string;
  count = 0;
  bytes = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async write(path: string, use: (sink: Sink) => Promise<void>): Promise<void> {
    const final = join(this.#folder, path);
    mkdirSync(dirname(final), { recursive: true });
    const temporary = join(dirname(final), `.${basename(final)}`);
    const fd = openSync(temporary, 'w');
    try {
      await use(async (data) => {
        const bytes = typeof data === 'string' ? Buffer.from(data) : data;
        for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
        this.bytes += bytes.length;
      });
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, final);
    this.count++;
  }
}

function dateOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** The boot ID of a host before and after its update. */
function bootId(...facts: readonly number[]): string {
  const digits = createHash('sha256').update(facts.join(' ')).digest('hex');
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-8${digits.slice(17, 20)}-${digits.slice(20, 32)}`;
}
