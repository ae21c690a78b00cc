import { milliseconds } from '../core/clock.ts';
import { StructPageError } from '../core/errors.ts';
import { packageVersion } from '../core/version.ts';
import type { ColumnName } from '../decode/columns/registry.ts';
import type { Sink } from '../export/exporter.ts';
import { aboutOf } from '../inspector/about.ts';
import { pageTable } from '../inspector/export-rows.ts';
import type { Inspector } from '../inspector/inspector.ts';
import { ramOf } from '../inspector/ram.ts';
import { pageblockOrder } from '../memmap/pageblock-order.ts';
import { slabUsage } from '../objects/slab/usage.ts';
import { noCounts, type PageCounts } from '../scan/scan.ts';
import { dense } from '../table/dense.ts';
import type { About, TableBatch } from '../table/table.ts';
import { migratetypeNames } from '../tables/remainder.ts';
import { type Blocks, type CounterOptions, countedColumns, PageCounter } from './page-counter.ts';
import { type Sample, sampledRanges } from './sample.ts';
import { type HostsRow, SNAPSHOT_SCHEMA_VERSION, type SnapshotFacts, type SnapshotTable } from './schema.ts';
import { freeRows, summaryRows } from './summary-rows.ts';
import type { Throttle } from './throttle.ts';
import { writeSnapshotPages, writeSnapshotRows } from './write-table.ts';

/** What a snapshot shows, and how it is taken. */
export interface SnapshotJob {
  readonly facts: SnapshotFacts;
  readonly role: string | undefined;
  /** Columns of `pages`; undefined for a snapshot without pages. */
  readonly columns: readonly ColumnName[] | undefined;
  /** Those of them that are left empty; their values are names. */
  readonly empty: readonly ColumnName[];
  readonly sample: Sample;
  /** Whether the purpose of each page is found out. */
  readonly classes: boolean;
  /** Number of cgroups in the summary; 0 to count none. */
  readonly topMemcgs: number;
  /** Whether active objects of slab caches are counted. */
  readonly objects: boolean;
  readonly throttle: Throttle;
  /** Takes a sentence about something that could not be read. */
  readonly trouble: (sentence: string) => void;
}

/** Writes a file of a snapshot: calls `write` with where its bytes go. */
export type WriteSnapshotFile = (table: SnapshotTable, write: (sink: Sink) => Promise<void>) => Promise<void>;

/** What a snapshot has. */
export interface SnapshotReport {
  /** Rows of `pages`. */
  readonly rows: number;
  /** Struct pages by what became of them. */
  readonly counts: PageCounts;
  readonly lost: number;
}

/** Reads the page array, at most twice, and writes the files of a snapshot in the order of SNAPSHOT_TABLES. */
export async function takeSnapshot(
  inspector: Inspector,
  job: SnapshotJob,
  writeFile: WriteSnapshotFile,
): Promise<SnapshotReport> {
  const started = milliseconds();
  const { facts, columns, sample, throttle } = job;
  const options: CounterOptions = {
    classes: job.classes ? inspector.classes.codes : undefined,
    memcgs: job.topMemcgs > 0,
  };
  await throttle.pace();
  const counter = new PageCounter(blocksOf(inspector, job.trouble), options);
  const counts = noCounts();
  const about = (table: SnapshotTable): About => aboutOfSnapshot(inspector, job, table, counts);
  const counted = async function* (batches: AsyncIterable<TableBatch>): AsyncGenerator<TableBatch> {
    for await (const batch of batches) {
      counter.add(batch);
      yield batch;
      await throttle.pace();
    }
    counter.end();
  };
  const needed = countedColumns(options);
  const read = columns?.filter((name) => !job.empty.includes(name)) ?? [];
  let rows = 0;
  if (columns && sample.of === 1) {
    const all = [...new Set([...read, 'pfn' as const, ...needed])];
    const batches = counted(pageTable(inspector, { columns: all }, 1, counts).chunks!());
    await writeFile('pages', (sink) =>
      writeSnapshotPages(columns, batches, facts, sink, { about: about('pages') }),
    );
    rows = counter.pages;
  } else {
    for await (const { batch, rows } of inspector.select({ columns: needed }, counts)) {
      const isWhole = rows.length === batch.count;
      // where some are missing, those that are left do not follow each other
      if (isWhole) counter.add(batch, batch.start);
      else
        for (const part of stretches(rows)) counter.add(dense({ batch, rows: part }), batch.start + part[0]!);
      await throttle.pace();
    }
    counter.end();
    if (columns) rows = await writeSample(inspector, job, columns, read, about('pages'), writeFile);
  }
  const { pageBytes } = inspector.kernel;
  const parts = {
    counter,
    facts,
    pageBytes,
    hasClasses: job.classes,
    topMemcgs: job.topMemcgs,
    objects: job.objects ? activeObjects(inspector, job.trouble) : undefined,
  };
  const lost = lostOf(counts);
  await writeFile('summary', (sink) =>
    writeSnapshotRows('summary', summaryRows(parts), sink, { about: about('summary') }),
  );
  await writeFile('free', (sink) =>
    writeSnapshotRows('free', freeRows(counter, facts), sink, { about: about('free') }),
  );
  const host: HostsRow = {
    ...facts,
    architecture: inspector.kernel.architecture.name,
    page_size: pageBytes,
    version: packageVersion(),
    schema_version: SNAPSHOT_SCHEMA_VERSION,
    pages: inspector.presentPages,
    managed: managedOf(inspector),
    sample: sample.text,
    lost,
    role: job.role,
    seconds: (milliseconds() - started) / 1000,
    format: inspector.image.format,
  };
  await writeFile('hosts', (sink) => writeSnapshotRows('hosts', [host], sink, { about: about('hosts') }));
  return { rows, counts, lost };
}

/** Splits ascending numbers where one is missing. */
function* stretches(rows: Uint32Array): Generator<Uint32Array> {
  for (let from = 0; from < rows.length; ) {
    let to = from + 1;
    while (to < rows.length && rows[to] === rows[to - 1]! + 1) to++;
    yield rows.subarray(from, to);
    from = to;
  }
}

async function writeSample(
  inspector: Inspector,
  job: SnapshotJob,
  columns: readonly ColumnName[],
  read: readonly ColumnName[],
  about: About,
  writeFile: WriteSnapshotFile,
): Promise<number> {
  const order = orderOf(inspector);
  const pfns = sampledRanges(inspector.ranges(undefined), order, job.sample);
  let rows = 0;
  const paced = async function* (): AsyncGenerator<TableBatch> {
    // no ranges would mean all
    if (pfns.length === 0) return;
    for await (const batch of pageTable(inspector, { columns: read, pfns }, 1, noCounts()).chunks!()) {
      rows += batch.count;
      yield batch;
      await job.throttle.pace();
    }
  };
  await writeFile('pages', (sink) => writeSnapshotPages(columns, paced(), job.facts, sink, { about }));
  return rows;
}

/** Facts for the metadata of the files. */
function aboutOfSnapshot(
  inspector: Inspector,
  { sample, facts }: SnapshotJob,
  table: SnapshotTable,
  counts: PageCounts,
): About {
  const isReplaced = (key: string): boolean =>
    key === 'structpage.schema_version' || key === 'structpage.time';
  return () => [
    ...aboutOf(inspector, table, counts).filter(([key]) => !isReplaced(key)),
    ['structpage.snapshot_schema_version', `${SNAPSHOT_SCHEMA_VERSION}`],
    ['structpage.time', new Date(facts.time!).toISOString()],
    ['structpage.sample', sample.text],
  ];
}

function orderOf({ types, kernel }: Inspector): number {
  return pageblockOrder(types, kernel.space.walker.tables.mode);
}

function blocksOf(inspector: Inspector, trouble: (sentence: string) => void): Blocks {
  const typeOf = migratetypeNames(inspector, trouble);
  let isTold = false;
  return {
    order: orderOf(inspector),
    migratetype(pfn) {
      try {
        return typeOf(pfn);
      } catch (error) {
        if (!(error instanceof StructPageError)) throw error;
        if (!isTold) trouble(`cannot read the migratetype of the pageblock at pfn ${pfn}: ${error.message}`);
        isTold = true;
        return undefined;
      }
    },
  };
}

function managedOf(inspector: Inspector): number | undefined {
  try {
    return ramOf(inspector)?.managed;
  } catch (error) {
    if (!(error instanceof StructPageError)) throw error;
    return undefined;
  }
}

function activeObjects(inspector: Inspector, trouble: (sentence: string) => void): Map<string, number> {
  const { objects, layout, reader } = inspector;
  const active = new Map<string, number>();
  try {
    for (const { cache, active: count, trouble: why } of slabUsage({ objects, layout, reader })) {
      if (count !== undefined) active.set(cache.name, count);
      else trouble(`${cache.name}: objects in use cannot be counted: ${why}`);
    }
  } catch (error) {
    if (!(error instanceof StructPageError)) throw error;
    trouble(`objects of slab caches cannot be counted: ${error.message}`);
  }
  return active;
}

function lostOf(counts: PageCounts): number {
  return Object.entries(counts).reduce(
    (sum, [state, pages]) => (state === 'ok' || state === 'absent' ? sum : sum + pages),
    0,
  );
}
