import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import {
  compareKpage,
  type DifferingGroup,
  FormatError,
  type Inspector,
  type KpageComparison,
  type KpageRecord,
  type LiveVerification,
  noCounts,
  type PageCounts,
  UsageError,
  verifyLive,
} from '../../index.ts';
import { addExamples } from '../help.ts';
import { type Outcome, reportUnread, withImage } from '../open.ts';
import { addImage, DUMP_HELP, type ImageOptions } from '../options.ts';
import { aligned, printJson, say, stdout } from '../output.ts';
import type { DifferingData, LiveData, RecordedData } from '../schemas/verify.ts';
import { hexText } from '../units.ts';

interface Options extends ImageOptions {
  kpageflags?: string;
  kpagecount?: string;
  correct?: boolean;
  json?: boolean;
}

/** The exit code for pages that differ. */
const DIFFERENT = 1;

/** structpage verify: compares the decoded pages with the kernel's own answers. */
export function verifyCommand(program: Command, outcome: Outcome): void {
  const command = program
    .command('verify')
    .summary('compare with /proc/kpageflags and kpagecount')
    .description(
      'Compares the decoded pages with /proc/kpageflags and /proc/kpagecount, page by page: a dump with copies of these files from its machine, this machine with the files themselves. Exits with 1 if pages differ.',
    )
    .argument('[dump...]', DUMP_HELP)
    .option('--kpageflags <file>', 'with a dump: copy of /proc/kpageflags')
    .option('--kpagecount <file>', 'with a dump: copy of /proc/kpagecount')
    .option('--correct', 'compare with the true flags where the kernel reports wrong ones')
    .option('--json', 'print JSON');
  addExamples(
    command,
    'structpage verify vmcore --kpageflags KPAGEFLAGS --kpagecount KPAGECOUNT',
    'sudo structpage verify             # this machine',
  );
  addImage(command).action(async (dumps: string[], options: Options) => {
    const named = options.kpageflags !== undefined || options.kpagecount !== undefined;
    if (dumps.length > 0 && !named) {
      throw new UsageError('nothing to compare with; use --kpageflags FILE, --kpagecount FILE, or both');
    }
    if (dumps.length === 0 && named) {
      throw new UsageError(
        '--kpageflags and --kpagecount need a dump; without them, verify compares this machine with its own kernel',
      );
    }
    const record: KpageRecord = {
      ...(options.kpageflags === undefined ? {} : { flags: words(options.kpageflags) }),
      ...(options.kpagecount === undefined ? {} : { counts: words(options.kpagecount) }),
    };
    await withImage(dumps, options, async (inspector) => {
      const counts = noCounts();
      const equal =
        dumps.length === 0
          ? await live(inspector, options, counts)
          : await recorded(inspector, record, options, counts);
      reportUnread(inspector, counts, 'not compared', outcome);
      if (!equal) outcome.code = DIFFERENT;
    });
  });
}

async function live(inspector: Inspector, { correct, json }: Options, counts: PageCounts): Promise<boolean> {
  const result = verifyLive(inspector, correct === true, counts);
  await (json ? printJson(liveData(result)) : stdout(liveText(result)));
  return result.different === 0;
}

async function recorded(
  inspector: Inspector,
  record: KpageRecord,
  { correct = false, json }: Options,
  counts: PageCounts,
): Promise<boolean> {
  const columns = ['kpageflags', 'kpagecount'] as const;
  const result = compareKpage(inspector.selectSync({ columns, correct }, counts), record);
  const part = (n: number): string =>
    `${n} of ${result.pages} (${((100 * n) / Math.max(1, result.pages)).toFixed(4)} %)`;
  if (json) await printJson(recordedData(record, result));
  else {
    if (record.flags) await stdout(`flags equal   ${part(result.flagsEqual)}\n`);
    if (record.counts) await stdout(`counts equal  ${part(result.countsEqual)}\n`);
    await stdout(groupsText('pages that differ', result.groups));
  }
  if (result.beyond > 0) {
    const end = Math.min(record.flags?.length ?? Infinity, record.counts?.length ?? Infinity);
    say(`${result.beyond} pages were not compared: the copies of the kernel's files end before pfn ${end}`);
  }
  return result.groups.length === 0;
}

function liveText(result: LiveVerification): string {
  const rows: [number, string][] = [
    [result.equal, 'equal'],
    [result.raced, 'equal when read again: the page changed between the two readings'],
    [result.changing, 'changed at each reading, or the kernel contradicted itself'],
    [result.different, 'different at each reading'],
  ];
  const digits = `${result.pages}`.length;
  const share = (n: number): string => ((100 * n) / Math.max(1, result.pages)).toFixed(4).padStart(8);
  const lines = rows.map(([n, what]) => `${`${n}`.padStart(digits)}  ${share(n)} %  ${what}\n`);
  return [
    `${result.pages} pages compared with /proc/kpageflags and /proc/kpagecount of this machine\n`,
    ...lines,
    groupsText('equal when read again', result.raceGroups),
    groupsText('changing', result.changingGroups),
    groupsText('different', result.differentGroups),
  ].join('');
}

function recordedData({ flags, counts }: KpageRecord, result: KpageComparison): RecordedData {
  const { pages, beyond, flagsEqual, countsEqual, groups } = result;
  return {
    pages,
    beyond,
    ...(flags ? { flagsEqual } : {}),
    ...(counts ? { countsEqual } : {}),
    different: groupsData(groups),
  };
}

function liveData({ raceGroups, changingGroups, differentGroups, ...numbers }: LiveVerification): LiveData {
  return {
    ...numbers,
    raceGroups: groupsData(raceGroups),
    changingGroups: groupsData(changingGroups),
    differentGroups: groupsData(differentGroups),
  };
}

function groupsData(groups: readonly DifferingGroup[]): DifferingData[] {
  return groups.map(({ bits, pages, examples }) => ({
    bits,
    pages,
    examples: examples.map(({ pfn, ours, theirs }) => ({
      pfn,
      ours: hexText(ours),
      theirs: hexText(theirs),
    })),
  }));
}

/** Groups of pages that differ; nothing if there are none. */
function groupsText(title: string, groups: readonly DifferingGroup[]): string {
  if (groups.length === 0) return '';
  const rows = groups.map((g) => {
    const { pfn, ours, theirs } = g.examples[0]!;
    return [g.bits, `${g.pages}`, `pfn ${pfn}`, `0x${ours.toString(16)}`, `0x${theirs.toString(16)}`];
  });
  return `\n${title} (+ set only by structpage, - only by the kernel)\n${aligned([['bits', 'pages', 'e.g.', 'ours', 'kernel'], ...rows], '  ')}\n`;
}

function words(path: string): BigUint64Array {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new FormatError({
      file: path,
      expected: 'a copy of /proc/kpageflags or /proc/kpagecount',
      found: `an error when it was read (${(error as NodeJS.ErrnoException).code})`,
    });
  }
  if (bytes.length === 0 || bytes.length % 8 !== 0) {
    throw new FormatError({
      file: path,
      expected: '8 bytes for each page',
      found: `${bytes.length} bytes in all`,
    });
  }
  return new BigUint64Array(new Uint8Array(bytes).buffer);
}
