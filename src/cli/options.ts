import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Range } from '../core/ranges.ts';
import { LIVE_METHODS, type LiveMethod, type Selection, UsageError } from '../index.ts';

/** Options that select rows, as commander parses them. */
export interface SelectOptions {
  pfn?: Range[];
  where?: string;
  columns?: string[];
  limit?: number;
  jobs?: number;
}

/** Options of every command that opens an image. */
export interface ImageOptions {
  layout?: string;
  method?: LiveMethod;
  nice?: number;
  spoolLimit?: number;
  cache?: boolean;
  lowMemory?: number;
  at?: FileAddress[];
  qmp?: string;
  qmpStop?: boolean;
}

/** Help for the argument `dump`. */
export const DUMP_HELP = 'memory dump; all of its files if it is split (default: the memory of this machine)';

const SELECTING = 'Selecting pages:';
const READING = 'Reading memory:';

/** Adds the options that select pages. */
export function addSelection(command: Command): Command {
  command
    .addOption(
      new Option(
        '--pfn <ranges>',
        'select page frames, e.g. 0-4095 or 17,0x1000-0x1fff (inclusive; default: all)',
      )
        .helpGroup(SELECTING)
        .argParser(parsePfns),
    )
    .addOption(
      new Option(
        '--where <expression>',
        "select pages that match, e.g. 'type == slab && order >= 2 && flags has dirty'",
      )
        .helpGroup(SELECTING)
        .argParser(onlyOne),
    )
    .addOption(new Option('--limit <n>', 'stop after n pages').helpGroup(SELECTING).argParser(parseCount));
  return addJobs(command);
}

/** Adds the option that bounds the number of threads. */
export function addJobs(command: Command): Command {
  return command.addOption(
    new Option('--jobs <n>', 'maximum number of threads (default: one per processor, at most 3)').argParser(
      parseJobs,
    ),
  );
}

/** Adds the options that select rows of a table other than that of the pages. */
export function addRows(command: Command): Command {
  return command
    .addOption(
      new Option('--where <expression>', "print only rows that match, e.g. 'node == 0'").argParser(onlyOne),
    )
    .addOption(new Option('--limit <n>', 'stop after n rows').argParser(parseCount));
}

/** More threads than this need more than 200 MiB of memory, so users have to request them. */
const MOST_JOBS = 3;

/** The maximum number of threads of a command. */
export function jobsOf(options: SelectOptions): number {
  return options.jobs ?? Math.min(MOST_JOBS, availableParallelism());
}

/** Adds the option that disables the cache, to commands that use it. */
export function addCache(command: Command): Command {
  return command.addOption(
    new Option(
      '--no-cache',
      'do not read or write the cache of kernel types ($XDG_CACHE_HOME/structpage)',
    ).helpGroup(READING),
  );
}

/** Adds the option for output that programs read. */
export function addJson(command: Command): Command {
  return command.option('--json', 'print JSON');
}

/** Adds the option that selects columns. */
export function addColumns(command: Command): Command {
  return command.addOption(
    new Option(
      '--columns <names>',
      "comma-separated columns in output order; +NAME adds to the default, 'all' is every column (see 'structpage columns')",
    ).argParser(parseNames),
  );
}

/** Adds the options that control how an image is opened. */
export function addImage(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--layout <kernel>',
        "kernel types to use instead of the image's own: a vmlinux, debug, BTF or layout file, or a release of 'structpage layout list'",
      ).helpGroup(READING),
    )
    .addOption(
      new Option('--method <method>', "without a dump: how to read this machine's memory (default: try all)")
        .helpGroup(READING)
        .choices(LIVE_METHODS),
    )
    .addOption(
      new Option('--qmp <socket>', 'read a running QEMU guest through its QMP socket').helpGroup(READING),
    )
    .addOption(new Option('--qmp-stop', 'with --qmp: pause the guest while reading').helpGroup(READING))
    .addOption(
      new Option(
        '--low-memory <size>',
        'raw image or guest memory file: size of RAM below the PCI hole, e.g. 2G or 3G (default: detected)',
      )
        .helpGroup(READING)
        .argParser(parseSize),
    )
    .addOption(
      new Option(
        '--at <places>',
        'guest memory files: physical address of each, as FILE=ADDRESS,... or in the order of the files (default: detected)',
      )
        .helpGroup(READING)
        .argParser(parseAddresses),
    )
    .addOption(
      new Option(
        '--spool-limit <size>',
        'maximum size of a decompressed or piped dump in the temporary directory, e.g. 20G',
      )
        .helpGroup(READING)
        .argParser(parseSize),
    )
    .addOption(
      new Option('--nice <n>', 'scheduling priority, 0 to 19 (lowest)')
        .helpGroup(READING)
        .argParser(parseNice),
    );
}

/**
 * Splits the arguments `[dump...] <what...>`. The last argument is always a `what`; so is any argument before it that
 * `check` accepts and that is not the name of a file. `check` throws UsageError for anything else.
 */
export function splitArguments(
  args: readonly string[],
  what: string,
  check: (text: string) => void,
): { dumps: readonly string[]; asked: readonly string[] } {
  const last = args.at(-1) ?? '';
  try {
    check(last);
  } catch (error) {
    if (!(error instanceof UsageError) || args.length > 1) throw error;
    throw new UsageError(`${error.message}. If '${last}' is a dump, add ${what} after it`);
  }
  let first = args.length - 1;
  while (first > 0 && accepts(check, args[first - 1]!) && !existsSync(args[first - 1]!)) first--;
  return { dumps: args.slice(0, first), asked: args.slice(first) };
}

/** Splits the arguments `[dump...] <last>`, of which the last may be any text. */
export function splitLast(args: readonly string[]): { dumps: readonly string[]; last: string } {
  return { dumps: args.slice(0, -1), last: args.at(-1) ?? '' };
}

function accepts(check: (text: string) => void, text: string): boolean {
  try {
    check(text);
    return true;
  } catch (error) {
    if (error instanceof UsageError) return false;
    throw error;
  }
}

/** The options as a selection for the library. */
export function selectionOf(options: SelectOptions): Selection {
  return {
    ...(options.pfn ? { pfns: options.pfn } : {}),
    ...(options.where === undefined ? {} : { where: options.where }),
    ...(options.columns ? { columns: options.columns } : {}),
    ...(options.limit === undefined ? {} : { limit: options.limit }),
  };
}

/** commander would silently use the last of two. */
function onlyOne(text: string, before: string | undefined): string {
  if (before === undefined) return text;
  throw new InvalidArgumentError("There can be only one; join expressions with '&&' or '||'.");
}

/** Resolves `--columns`: `all`, the default columns and more (`+kpageflags`), or those that are named. */
export function columnsFor(
  given: readonly string[] | undefined,
  preset: readonly string[],
  all: readonly string[],
): readonly string[] {
  if (given === undefined) return preset;
  const isMore = given[0]?.startsWith('+') === true;
  const names = isMore ? given.map((name) => name.replace(/^\+/, '')) : given;
  const wanted = names.flatMap((name) => (name === 'all' ? all : [name]));
  return isMore ? [...preset, ...wanted.filter((name) => !preset.includes(name))] : wanted;
}

/** Parses names separated by commas; repeated lists are joined. */
export function parseNames(text: string, before: string[] = []): string[] {
  return [...before, ...text.split(',').map((c) => c.trim())];
}

function parsePfns(text: string, before: Range[] = []): Range[] {
  const ranges = text.split(',').map((part) => {
    const match = /^\s*(0x[0-9a-f]+|\d+)(?:\s*-\s*(0x[0-9a-f]+|\d+))?\s*$/i.exec(part);
    const start = Number(match?.[1]);
    const last = match?.[2] === undefined ? start : Number(match[2]);
    if (!match || !Number.isSafeInteger(start) || !Number.isSafeInteger(last) || last < start) {
      throw new InvalidArgumentError(`'${part}' is not a range of pfns; write a pfn, or A-B with A <= B.`);
    }
    return { start, end: last + 1 };
  });
  return [...before, ...ranges];
}

/** Where a memory file begins; without a name it is the next one in order. */
export interface FileAddress {
  readonly file: string | undefined;
  readonly address: number;
}

function parseAddresses(text: string, before: FileAddress[] = []): FileAddress[] {
  const list = text.split(',').map((part) => {
    const [, file, digits] = /^(?:(.+)=)?(0x[0-9a-f]+|\d+)$/i.exec(part.trim()) ?? [];
    const address = Number(digits);
    if (digits === undefined || !Number.isSafeInteger(address) || address % 4096 !== 0) {
      throw new InvalidArgumentError(`'${part}' is not FILE=ADDRESS or ADDRESS, a multiple of 4096.`);
    }
    return { file, address };
  });
  return [...before, ...list];
}

/** The addresses by the names of the files. Throws UsageError for those of other files. */
export function placesOf(dumps: readonly string[], at: readonly FileAddress[]): Record<string, number> {
  const places: Record<string, number> = {};
  for (const [i, { file, address }] of at.entries()) {
    const name = file ?? dumps[i];
    if (name === undefined || !dumps.includes(name)) {
      throw new UsageError(
        name === undefined
          ? `--at has ${at.length} addresses for ${dumps.length} files`
          : `--at names '${name}', which is not among the files to be read`,
      );
    }
    places[name] = address;
  }
  return places;
}

/** A size in bytes. */
export function parseSize(text: string): number {
  const match = /^(\d+)([KMGT]?)(?:i?B)?$/i.exec(text);
  const size = Number(match?.[1]) * 1024 ** ' KMGT'.indexOf(match?.[2]?.toUpperCase() || ' ');
  if (!match || !Number.isSafeInteger(size)) {
    throw new InvalidArgumentError('Expected a size in bytes, optionally with the suffix K, M, G or T.');
  }
  return size;
}

function parseNice(text: string): number {
  if (!/^1?\d$/.test(text)) throw new InvalidArgumentError('Expected an integer from 0 to 19.');
  return Number(text);
}

function parseJobs(text: string): number {
  const value = parseCount(text);
  if (value < 1 || value > 256) throw new InvalidArgumentError('Expected an integer from 1 to 256.');
  return value;
}

/** A non-negative integer. */
export function parseCount(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new InvalidArgumentError('Expected a non-negative integer.');
  }
  return value;
}
