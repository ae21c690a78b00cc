import { type Command, InvalidArgumentError } from 'commander';
import { packageVersion } from '../../core/version.ts';
import {
  familiesOf,
  Meter,
  type MetricFamily,
  openMetricsText,
  printableJson,
  UsageError,
} from '../../index.ts';
import { addExamples } from '../help.ts';
import { type Endpoint, serveMetrics } from '../metrics-server.ts';
import { type Outcome, withImage } from '../open.ts';
import {
  addCache,
  addImage,
  addJobs,
  DUMP_HELP,
  type ImageOptions,
  jobsOf,
  parseCount,
  parseNames,
} from '../options.ts';
import { say, stdoutData } from '../output.ts';
import type { WatchData } from '../schemas/top.ts';
import { addUses, OWNERS, reportSample, type UseOptions, usesOf } from '../top-options.ts';

interface Options extends ImageOptions, UseOptions {
  metrics?: true;
  json?: true;
  listen?: Endpoint;
  owners: string[];
  top: number;
  jobs?: number;
}

const TOP = 20;
/** More labels than this are a burden for whoever stores them. */
const MOST_OWNERS = 1000;

/** structpage watch: numbers of pages for monitoring. */
export function watchCommand(program: Command, outcome: Outcome): void {
  const command = program
    .command('watch')
    .summary('print or serve numbers of pages as metrics')
    .description(
      'Prints the memory of each class or type, of zones and of the biggest owners as OpenMetrics, once to standard output or for every request over HTTP.',
    )
    .argument('[dump...]', DUMP_HELP)
    .option('--metrics', 'print or serve OpenMetrics text')
    .option('--json', 'print the same as JSON')
    .option(
      '--listen <address>',
      'serve over HTTP on HOST:PORT, or on PORT of 127.0.0.1; port 0 is any',
      parseEndpoint,
    )
    .option('--owners <columns>', `comma-separated owners: ${OWNERS.join(', ')}`, parseNames)
    .option('--top <n>', 'owners of each kind; all others are added up', parseTop, TOP);
  addJobs(addUses(command));
  addExamples(
    command,
    'structpage watch vmcore --metrics --by type',
    'sudo structpage watch --metrics --listen 9101     # http://127.0.0.1:9101/metrics',
  );
  addCache(addImage(command)).action(async (dumps: string[], options: Options) => {
    if (options.metrics === options.json) throw new UsageError('watch needs one of --metrics and --json');
    if (options.json && options.listen) throw new UsageError('--listen serves --metrics only');
    const stop = new AbortController();
    await withImage(dumps, options, async (inspector) => {
      const { by, owners, share } = usesOf(inspector, options.owners ?? ['slab_cache'], options);
      const { pageBytes, release, architecture } = inspector.kernel;
      const facts = {
        version: packageVersion(),
        release,
        architecture: architecture.name,
        pageBytes,
        most: options.top,
      };
      const meter = new Meter(inspector, { by, owners, share, jobs: jobsOf(options), signal: stop.signal });
      const families = async (): Promise<MetricFamily[]> => familiesOf(await meter.measure(), facts);
      if (options.listen) {
        const end = (): void => stop.abort();
        const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
        for (const signal of signals) process.once(signal, end);
        await serveMetrics(options.listen, async () => openMetricsText(await families()), {
          signal: stop.signal,
          listening: (url) => say(`listening on ${url}`),
          failed: (why) => say(why),
        });
        for (const signal of signals) process.off(signal, end);
        return;
      }
      const measured = await meter.measure();
      const once = familiesOf(measured, facts);
      await stdoutData(options.json ? `${printableJson(dataOf(once), 2)}\n` : openMetricsText(once));
      reportSample(inspector, measured.sample, outcome);
    });
  });
}

function dataOf(families: readonly MetricFamily[]): WatchData {
  return families.map(({ name, type, help, points }) => ({ name, type, help, points }));
}

function parseEndpoint(text: string): Endpoint {
  const [, bracketed, plain, digits] = /^(?:(?:\[([^\]]+)\]|([^:]+)):)?(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65535) {
    throw new InvalidArgumentError('Expected HOST:PORT, [ADDRESS]:PORT or PORT, e.g. 127.0.0.1:9101.');
  }
  return { host: bracketed ?? plain ?? '127.0.0.1', port };
}

function parseTop(text: string): number {
  const value = parseCount(text);
  if (value > MOST_OWNERS) throw new InvalidArgumentError(`Expected an integer from 0 to ${MOST_OWNERS}.`);
  return value;
}
