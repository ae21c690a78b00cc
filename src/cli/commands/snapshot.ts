import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { checkColumns } from '../../decode/columns/registry.ts';
import { type Inspector, UsageError } from '../../index.ts';
import { KEEP_ALL, type Keep, parseKeep } from '../../snapshot/keep.ts';
import { type SnapshotOrigin, snapshotOrigin } from '../../snapshot/origin.ts';
import { runSnapshot, type SnapshotResult } from '../../snapshot/run.ts';
import { parseSample, type Sample, WHOLE } from '../../snapshot/sample.ts';
import { SNAPSHOT_PAGE_COLUMNS } from '../../snapshot/schema.ts';
import { storeAt } from '../../snapshot/store.ts';
import type { SnapshotJob } from '../../snapshot/take.ts';
import { Throttle } from '../../snapshot/throttle.ts';
import { addExamples } from '../help.ts';
import { type Outcome, reportUnread, withImage } from '../open.ts';
import {
  addCache,
  addImage,
  columnsFor,
  DUMP_HELP,
  type ImageOptions,
  parseCount,
  parseNames,
} from '../options.ts';
import { say, stdoutData } from '../output.ts';

interface Options extends ImageOptions {
  to: string;
  only?: string;
  columns?: string[];
  sample?: Sample;
  classes?: boolean;
  objects?: boolean;
  top: number;
  host?: string;
  role?: string;
  time?: number;
  spool?: string;
  keep?: Keep;
  patience: number;
  maxCpu: number;
}

/** EX_TEMPFAIL of sysexits.h: another run for the same host and store has not ended. */
const EXIT_BUSY = 75;
const DEFAULT_NICE = 10;
const DEFAULT_TOP = 100;

const WRITING = 'Where the snapshot goes:';
const TAKING = 'What the snapshot has:';

/** structpage snapshot: the page array and its summary as Parquet, into a folder or bucket that many hosts share. */
export function snapshotCommand(program: Command, outcome: Outcome): void {
  const command = program
    .command('snapshot')
    .summary('write pages and counts to a store that many hosts share')
    .description(
      'Writes the pages of this machine or of a dump, and counts of them, as Parquet files to a store: a folder or a bucket that many hosts share (see docs/fleet.md). A snapshot that cannot be sent waits in a spool folder, and the next run sends it. Prints one line of JSON that says what was done. Ends with 75 if a snapshot of the same host to the same store is already running.',
    )
    .argument('[dump...]', DUMP_HELP)
    .requiredOption('--to <store>', 'the store: a folder, or s3://bucket/prefix')
    .addOption(
      new Option(
        '--spool <folder>',
        'where snapshots wait for the store (default: below /var/lib or $XDG_STATE_HOME)',
      ).helpGroup(WRITING),
    )
    .addOption(
      new Option(
        '--keep <limit>',
        'how much to keep of this host in the spool, and in a store that is a folder: a size such as 10G, or days such as 30d; can be repeated',
      )
        .helpGroup(WRITING)
        .argParser(refusing((text: string, before?: Keep) => parseKeep(text, before))),
    )
    .addOption(
      new Option('--patience <seconds>', 'how long to try a bucket that does not answer')
        .default(30)
        .helpGroup(WRITING)
        .argParser(parseCount),
    )
    .addOption(
      new Option('--host <name>', 'name of the host (default: as the kernel has it)').helpGroup(WRITING),
    )
    .addOption(
      new Option('--role <name>', 'role of the host, a column of hosts')
        .env('STRUCTPAGE_ROLE')
        .helpGroup(WRITING),
    )
    .addOption(
      new Option('--time <time>', 'when a dump was taken, if it does not tell, e.g. 2026-11-21T23:59:59Z')
        .helpGroup(WRITING)
        .argParser(parseTime),
    )
    .addOption(
      new Option('--only <part>', 'write counts without pages').choices(['summary']).helpGroup(TAKING),
    )
    .addOption(
      new Option(
        '--columns <names>',
        "comma-separated columns of pages; +NAME adds to the default, 'all' is every column",
      )
        .helpGroup(TAKING)
        .argParser(parseNames),
    )
    .addOption(
      new Option('--sample <part>', 'write pages of a part of the pageblocks, e.g. 1/64')
        .helpGroup(TAKING)
        .argParser(refusing((text: string) => parseSample(text))),
    )
    .addOption(
      new Option('--classes', 'find out what each page is for (default, unless --only summary)').helpGroup(
        TAKING,
      ),
    )
    .addOption(new Option('--no-classes', 'count pages by type instead, which costs less').helpGroup(TAKING))
    .addOption(new Option('--objects', 'count the objects of slab caches').helpGroup(TAKING))
    .addOption(
      new Option('--top <n>', 'number of cgroups in the summary')
        .default(DEFAULT_TOP)
        .helpGroup(TAKING)
        .argParser(parseCount),
    )
    .addOption(
      new Option('--max-cpu <percent>', 'use at most this much of one processor, on average')
        .default(100)
        .argParser(parsePercent),
    );
  addExamples(
    command,
    'sudo structpage snapshot --to /srv/fleet',
    'sudo structpage snapshot --to s3://fleet/prod --only summary --max-cpu 20',
    'structpage snapshot vmcore --to /srv/fleet --host web-1',
  );
  addCache(addImage(command)).action(async (dumps: string[], options: Options) => {
    const store = storeAt(options.to, options.patience * 1000);
    await withImage(dumps, { nice: DEFAULT_NICE, ...options }, async (inspector) => {
      const origin = snapshotOrigin(inspector, options);
      if (origin.remark !== undefined) say(origin.remark);
      const job = jobOf(inspector, options, origin);
      const result = await runSnapshot(inspector, origin, job, {
        store,
        spool: options.spool ?? defaultSpool(),
        keep: options.keep ?? KEEP_ALL,
        say,
      });
      if ('busy' in result) {
        say(result.busy);
        outcome.code = EXIT_BUSY;
        return;
      }
      await stdoutData(`${JSON.stringify(told(result, job, origin, store.name))}\n`);
      if (result.dropped > 0) outcome.code = 3;
      reportUnread(inspector, result.counts, 'not counted', outcome);
    });
  });
}

function jobOf(inspector: Inspector, options: Options, { facts }: SnapshotOrigin): SnapshotJob {
  const wantsPages = options.only === undefined;
  if (!wantsPages && (options.columns || options.sample)) {
    throw new UsageError('--only summary writes no pages: leave out --columns and --sample');
  }
  const classes = options.classes ?? wantsPages;
  const isPreset = options.columns === undefined || options.columns[0]?.startsWith('+') === true;
  return {
    facts,
    role: options.role || undefined,
    columns: wantsPages
      ? checkColumns(columnsFor(options.columns, SNAPSHOT_PAGE_COLUMNS, inspector.columns))
      : undefined,
    empty: isPreset && !classes ? ['class'] : [],
    sample: options.sample ?? WHOLE,
    classes,
    topMemcgs: options.top,
    objects: options.objects === true,
    throttle: new Throttle(options.maxCpu),
    trouble: say,
  };
}

/** What the line of JSON says. */
function told(
  { rows, lost, files, bytes, seconds, sent, spooled, dropped, removed }: SnapshotResult,
  { sample }: SnapshotJob,
  { host, facts }: SnapshotOrigin,
  store: string,
): unknown {
  const { user, system } = process.cpuUsage();
  return {
    host,
    time: new Date(facts.time!).toISOString(),
    bootId: facts.boot_id ?? null,
    release: facts.release,
    store,
    sample: sample.text,
    files,
    rows,
    bytes,
    lost,
    sent,
    spooled,
    dropped,
    removed,
    seconds: Number(seconds.toFixed(3)),
    cpuSeconds: Number(((user + system) / 1e6).toFixed(3)),
  };
}

/** Below the folder that systemd gives a service, or where the user's state, or the machine's, lies. */
function defaultSpool(): string {
  const { STATE_DIRECTORY, XDG_STATE_HOME } = process.env;
  const [given] = STATE_DIRECTORY?.split(':') ?? [];
  if (given) return join(given, 'spool');
  if (process.geteuid?.() === 0) return '/var/lib/structpage/spool';
  return join(XDG_STATE_HOME || join(homedir(), '.local/state'), 'structpage/spool');
}

/** A parser whose UsageError commander reports. */
function refusing<T>(parse: (text: string, before?: T) => T): (text: string, before?: T) => T {
  return (text, before) => {
    try {
      return parse(text, before);
    } catch (error) {
      if (error instanceof UsageError) throw new InvalidArgumentError(`${error.message}.`);
      throw error;
    }
  };
}

function parseTime(text: string): number {
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new InvalidArgumentError('Expected a time such as 2026-11-21T23:59:59Z.');
  return time;
}

function parsePercent(text: string): number {
  const value = parseCount(text);
  if (value < 1 || value > 100) throw new InvalidArgumentError('Expected an integer from 1 to 100.');
  return value;
}
