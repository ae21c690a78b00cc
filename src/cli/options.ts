import { availableParallelism } from 'node:os';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Range } from '../core/ranges.ts';
import { LIVE_METHODS, type LiveMethod, type Selection, UsageError } from '../index.ts';

/** Options that select rows; what commander makes of them. */
export interface SelectOptions {
  pfn?: Range[];
  where?: string;
  columns?: string[];
  limit?: number;
  jobs?: number;
}

/** Options that every command has that opens an image. */
export interface ImageOptions {
  layout?: string;
  method?: LiveMethod;
  nice?: number;
  spoolLimit?: number;
  cache?: boolean;
  lowMemory?: number;
  qmp?: string;
  qmpStop?: boolean;
}

/** What commands say of their argument `dump`. */
export const DUMP_HELP =
  'the memory dump, all of its files if it is several; the memory of this machine if none is named';

/** Adds the options that select pages. */
export function addSelection(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--pfn <ranges>',
        'only these page frames, e.g. 0-4095 or 17,0x1000-0x1fff (both ends included)',
      ).argParser(parsePfns),
    )
    .addOption(
      new Option(
        '--where <expression>',
        "only pages for which this holds, e.g. 'type == slab && order >= 2 && flags has dirty'",
      ).argParser(onlyOne),
    )
    .addOption(new Option('--limit <n>', 'stop after this many rows').argParser(parseCount))
    .addOption(
      new Option(
        '--jobs <n>',
        'threads to use at the most (default: one for each processor, 3 at the most)',
      ).argParser(parseJobs),
    );
}

/** More threads than this take more than 200 MiB of memory together, so they have to be asked for. */
const MOST_JOBS = 3;

/** How many threads a command may use. */
export function jobsOf(options: SelectOptions): number {
  return options.jobs ?? Math.min(MOST_JOBS, availableParallelism());
}

/** Adds the option that turns the cache off, to commands that gain by one. */
export function addCache(command: Command): Command {
  return command.option(
    '--no-cache',
    'neither use nor keep the types of kernels in the cache directory ($XDG_CACHE_HOME/structpage)',
  );
}

/** Adds the option that selects columns. */
export function addColumns(command: Command): Command {
  return command.addOption(
    new Option(
      '--columns <names>',
      'comma-separated columns, in this order (see structpage columns)',
    ).argParser((text, before: string[] = []) => [...before, ...text.split(',').map((c) => c.trim())]),
  );
}

/** Adds the options that help to open an image. */
export function addImage(command: Command): Command {
  return command
    .option('--layout <file>', 'take the types from this vmlinux, debug file, BTF or layout file')
    .addOption(
      new Option(
        '--method <way>',
        'without a dump: this way to the memory of this machine and no other',
      ).choices(LIVE_METHODS),
    )
    .option('--qmp <socket>', 'instead of a dump: the memory of a running QEMU guest, by its QMP socket')
    .option('--qmp-stop', 'with --qmp: stop the guest while it is read')
    .addOption(
      new Option(
        '--low-memory <size>',
        'of a raw image, or the memory file of a guest: the memory below the hole for PCI, e.g. 2G or 3G (found out if not said)',
      ).argParser(parseSize),
    )
    .addOption(
      new Option(
        '--spool-limit <size>',
        'the most that a compressed or piped dump may take in the temporary directory, e.g. 20G',
      ).argParser(parseSize),
    )
    .addOption(
      new Option('--nice <n>', 'run at this priority, 0 to 19: 19 yields to everything else').argParser(
        parseNice,
      ),
    );
}

/**
 * The arguments `[dump...] <what>`: the last one is always what is asked for, so one argument alone is about this machine.
 * `check` throws UsageError for what cannot be asked for, before anything is opened.
 */
export function dumpsAnd(
  args: readonly string[],
  what: string,
  check: (text: string) => void,
): { dumps: readonly string[]; asked: string } {
  const asked = args.at(-1) ?? '';
  try {
    check(asked);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(
      args.length === 1
        ? `${error.message}. Without a dump this machine is looked at; if '${asked}' is the dump, write ${what} behind it`
        : error.message,
    );
  }
  return { dumps: args.slice(0, -1), asked };
}

/** The selection of the library that the options mean. */
export function selectionOf(options: SelectOptions): Selection {
  return {
    ...(options.pfn ? { pfns: options.pfn } : {}),
    ...(options.where === undefined ? {} : { where: options.where }),
    ...(options.columns ? { columns: options.columns } : {}),
    ...(options.limit === undefined ? {} : { limit: options.limit }),
  };
}

/** The last of two would be taken in silence. */
function onlyOne(text: string, before: string | undefined): string {
  if (before === undefined) return text;
  throw new InvalidArgumentError("There is one already; join them with '&&' or '||'.");
}

function parsePfns(text: string, before: Range[] = []): Range[] {
  const ranges = text.split(',').map((part) => {
    const match = /^\s*(0x[0-9a-f]+|\d+)(?:\s*-\s*(0x[0-9a-f]+|\d+))?\s*$/i.exec(part);
    const start = Number(match?.[1]);
    const last = match?.[2] === undefined ? start : Number(match[2]);
    if (!match || !Number.isSafeInteger(start) || !Number.isSafeInteger(last) || last < start) {
      throw new InvalidArgumentError(`'${part}' is no range of pfns; write A-B with A <= B, or one pfn.`);
    }
    return { start, end: last + 1 };
  });
  return [...before, ...ranges];
}

function parseSize(text: string): number {
  const match = /^(\d+)([KMGT]?)(?:i?B)?$/i.exec(text);
  const size = Number(match?.[1]) * 1024 ** ' KMGT'.indexOf(match?.[2]?.toUpperCase() || ' ');
  if (!match || !Number.isSafeInteger(size)) {
    throw new InvalidArgumentError('It must be a number of bytes, or one with K, M, G or T behind it.');
  }
  return size;
}

function parseNice(text: string): number {
  if (!/^1?\d$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 0 to 19.');
  return Number(text);
}

function parseJobs(text: string): number {
  const value = parseCount(text);
  if (value < 1 || value > 256) throw new InvalidArgumentError('It must be from 1 to 256.');
  return value;
}

function parseCount(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new InvalidArgumentError('It must be a whole number, 0 or more.');
  }
  return value;
}
