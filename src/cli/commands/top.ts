import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Inspector, type TopOrder, type TopOwner, UsageError } from '../../index.ts';
import { addExamples } from '../help.ts';
import { type Outcome, withImage } from '../open.ts';
import { addCache, addImage, addJobs, DUMP_HELP, type ImageOptions, jobsOf, parseCount } from '../options.ts';
import { whyNoScreen } from '../terminal.ts';
import { addUses, OWNERS, reportSample, type UseOptions, usesOf } from '../top-options.ts';
import { runBatch, runScreen, type TopPlan } from '../top-session.ts';

interface Options extends ImageOptions, UseOptions {
  batch?: true;
  json?: true;
  samples?: number;
  delay: number;
  owners: TopOwner;
  sort: TopOrder;
  top: number;
  jobs?: number;
}

const ORDERS: readonly TopOrder[] = ['size', 'rate', 'name'];
const DELAY = 2;
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
    .option('--json', 'print each sample as a line of JSON; includes --batch')
    .option(
      '-n, --samples <n>',
      'end after n samples (default: no end; with --batch and a dump: 1)',
      parseSamples,
    )
    .option('-d, --delay <seconds>', 'seconds from one sample to the next', parseSeconds, DELAY)
    .addOption(new Option('--owners <column>', 'owners to list').choices(OWNERS).default('slab_cache'))
    .addOption(new Option('--sort <order>', 'order of rows').choices(ORDERS).default('size'))
    .option('--top <n>', 'with --batch: list the n first owners', parseCount, TOP);
  addJobs(addUses(command));
  addExamples(
    command,
    'sudo structpage top                           # this machine',
    'structpage top --qmp /run/guest.sock          # a QEMU guest',
    'structpage top vmcore --batch --by type',
  );
  addCache(addImage(command)).action(async (dumps: string[], options: Options) => {
    const isBatch = options.batch || options.json;
    const why = isBatch ? undefined : whyNoScreen();
    if (why !== undefined) throw new UsageError(`${why}; --batch prints text instead`);
    await withImage(dumps, options, async (inspector) => {
      const plan = planOf(inspector, dumps, options);
      if (isBatch) {
        const last = await runBatch(plan, options.json ? 'json' : options.top);
        reportSample(inspector, last, outcome);
      } else outcome.code = Math.max(outcome.code, await runScreen(plan));
    });
  });
}

function planOf(inspector: Inspector, dumps: readonly string[], options: Options): TopPlan {
  const { batch, json, samples, delay, sort } = options;
  const { by, owners, share } = usesOf(inspector, [options.owners], options);
  return {
    inspector,
    source: options.qmp ?? (dumps.join(' ') || 'this machine'),
    state: {
      by,
      owner: owners[0]!,
      order: sort,
      interval: delay * 1000,
      isPaused: false,
      showsHelp: false,
      scroll: 0,
    },
    share,
    jobs: jobsOf(options),
    samples: samples ?? ((batch || json) && !inspector.image.live ? 1 : undefined),
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
