import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  canCount,
  type Inspector,
  type TopOrder,
  type TopOwner,
  type TopUse,
  UnsupportedError,
  UsageError,
} from '../../index.ts';
import { addExamples } from '../help.ts';
import { type Outcome, withImage } from '../open.ts';
import { addCache, addImage, addJobs, DUMP_HELP, type ImageOptions, jobsOf, parseCount } from '../options.ts';
import { whyNoScreen } from '../terminal.ts';
import { runBatch, runScreen, type TopPlan } from '../top-session.ts';

interface Options extends ImageOptions {
  batch?: true;
  samples?: number;
  delay: number;
  by?: TopUse;
  owners: TopOwner;
  sort: TopOrder;
  share: number;
  top: number;
  jobs?: number;
}

const USES: readonly TopUse[] = ['class', 'type'];
const OWNERS: readonly TopOwner[] = ['slab_cache', 'process', 'file', 'memcg', 'call_site'];
const ORDERS: readonly TopOrder[] = ['size', 'rate', 'name'];
/** Up to this many pages are counted by class unless the user says otherwise: more take seconds. */
const CLASS_PAGES = 4 * 2 ** 20;
const DELAY = 2;
const SHARE = 25;
const TOP = 20;

/** structpage top: where memory goes, sample by sample. */
export function topCommand(program: Command, outcome: Outcome): void {
  const command = program
    .command('top')
    .summary('show where memory goes, sample by sample')
    .description(
      'Shows pages by class or type, zones with their free blocks, and the biggest owners, with rates since the last sample, on a screen of the terminal: of this machine, of a QEMU guest (--qmp), or of a file with memory. Press h for the keys.',
    )
    .argument('[dump...]', DUMP_HELP)
    .option('--batch', 'print samples as text, for logs and pipes')
    .option(
      '-n, --samples <n>',
      'end after n samples (default: no end; with --batch and a dump: 1)',
      parseSamples,
    )
    .option('-d, --delay <seconds>', 'seconds from one sample to the next', parseSeconds, DELAY)
    .addOption(
      new Option(
        '--by <use>',
        'count pages by class or by type (default: class, and type above 16 GiB of 4 KiB pages, or where classes are not known)',
      ).choices(USES),
    )
    .addOption(new Option('--owners <column>', 'owners to list').choices(OWNERS).default('slab_cache'))
    .addOption(new Option('--sort <order>', 'order of rows').choices(ORDERS).default('size'))
    .option(
      '--share <percent>',
      'most of the time that samples may take; the delay grows if they need more',
      parsePercent,
      SHARE,
    )
    .option('--top <n>', 'with --batch: list the n first owners', parseCount, TOP);
  addJobs(command);
  addExamples(
    command,
    'sudo structpage top                           # this machine',
    'structpage top --qmp /run/guest.sock          # a QEMU guest',
    'structpage top vmcore --batch --by type',
  );
  addCache(addImage(command)).action(async (dumps: string[], options: Options) => {
    const why = options.batch ? undefined : whyNoScreen();
    if (why !== undefined) throw new UsageError(`${why}; --batch prints text instead`);
    await withImage(dumps, options, async (inspector) => {
      const plan = planOf(inspector, dumps, options);
      if (options.batch) await runBatch(plan, options.top);
      else outcome.code = Math.max(outcome.code, await runScreen(plan));
    });
  });
}

function planOf(inspector: Inspector, dumps: readonly string[], options: Options): TopPlan {
  const { owners: owner, batch, samples, share, delay, sort } = options;
  const usual =
    inspector.presentPages <= CLASS_PAGES && canCount(inspector, 'class')
      ? ('class' as const)
      : ('type' as const);
  const by = options.by ?? usual;
  for (const [what, name] of [
    [by, '--by'],
    [owner, '--owners'],
  ] as const) {
    if (!canCount(inspector, what)) {
      throw new UnsupportedError(
        `${name} ${what}`,
        "the dump lacks the kernel's objects, by which it is known",
      );
    }
  }
  return {
    inspector,
    source: options.qmp ?? (dumps.join(' ') || 'this machine'),
    state: {
      by,
      owner,
      order: sort,
      interval: delay * 1000,
      isPaused: false,
      showsHelp: false,
      scroll: 0,
    },
    share: share / 100,
    jobs: jobsOf(options),
    samples: samples ?? (batch && !inspector.image.live ? 1 : undefined),
  };
}

function parseSamples(text: string): number {
  const value = parseCount(text);
  if (value === 0) throw new InvalidArgumentError('Expected a positive integer.');
  return value;
}

/** Longer delays than setTimeout() takes make no sense. */
const LONGEST = 86_400;

function parseSeconds(text: string): number {
  const value = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || value < 0.1 || value > LONGEST) {
    throw new InvalidArgumentError(`Expected seconds from 0.1 to ${LONGEST}.`);
  }
  return value;
}

function parsePercent(text: string): number {
  const value = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || value < 1 || value > 100) {
    throw new InvalidArgumentError('Expected a percentage from 1 to 100.');
  }
  return value;
}
