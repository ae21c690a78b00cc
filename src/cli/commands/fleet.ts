import { existsSync, statSync } from 'node:fs';
import { type Command, InvalidArgumentError } from 'commander';
import {
  exporterOf,
  type FleetQuery,
  type FleetTable,
  fleetQueries,
  fleetQuery,
  fleetReport,
  openFleet,
  openMemory,
  openStore,
  type PagesOf,
  parametersStatement,
  parseQuery,
  queryCosts,
  requireTables,
  type StoreOptions as Selection,
  type SimulateOptions,
  samplePath,
  simulateFleet,
  tablesIn,
  UsageError,
} from '../../index.ts';
import { addExamples } from '../help.ts';
import { parseCount, parseNames, parseSize } from '../options.ts';
import { aligned, Progress, refuseTerminal, say, stdout, stdoutData } from '../output.ts';
import { intoFile } from '../output-file.ts';
import { formatNamed, SQL_FORMATS } from '../sql-format.ts';
import { prompt, readScript, statementsOfInput } from '../sql-prompt.ts';
import { printResults } from '../sql-results.ts';
import { sizeText } from '../units.ts';

const STORE_HELP = 'folder with snapshots, or s3://bucket/prefix';

/** structpage fleet: the snapshots of many hosts as tables. */
export function fleetCommand(program: Command): void {
  const command = program
    .command('fleet')
    .summary('query and report the snapshots of many hosts')
    .description(
      "Queries the snapshots that 'structpage snapshot' of many hosts wrote into one folder or object store. See docs/fleet.md.",
    )
    .helpCommand(false);
  sqlCommand(command);
  queriesCommand(command);
  reportCommand(command);
  simulateCommand(command);
}

interface SqlOptions extends StoreOptions {
  query?: string;
  set?: ReadonlyMap<string, string>;
  file?: string;
  format?: string;
  output?: string;
}

function sqlCommand(fleet: Command): void {
  const command = fleet
    .command('sql')
    .summary('query snapshots with SQL')
    .description(
      'Runs SQL over the views pages, summary, free and hosts of a store. Without a statement, reads statements from a prompt or from standard input. Needs the package @duckdb/node-api.',
    )
    .argument('[statement]', 'statement to run')
    .argument('[store]', STORE_HELP)
    .option('--query <name>', "run a ready query of 'structpage fleet queries'")
    .option('--set <name=value>', 'set a parameter of the query; repeatable', parseSetting)
    .option('--file <file>', 'run the statements in a file')
    .option('--format <name>', `output format: ${SQL_FORMATS.join(', ')} (default: table)`)
    .option('-o, --output <file>', 'write the result to a file; the extension selects the format');
  addExamples(
    command,
    `structpage fleet sql "select host, sum(bytes) from summary s where s.by = 'class' group by host" /srv/fleet`,
    'structpage fleet sql --query leak-suspects --set snapshots=7 /srv/fleet',
    'structpage fleet sql --query changes --set before=2026-11-17 --set after=2026-11-19 s3://bucket/fleet',
  );
  addStore(command).action(
    async (first: string | undefined, last: string | undefined, options: SqlOptions) => {
      const { statement, store: location } = splitStore(first, last);
      const given = [statement, options.file, options.query].filter((text) => text !== undefined);
      if (given.length > 1) throw new UsageError('give one of a statement, --file and --query');
      const format = formatNamed(options.format, options.output);
      if (format === 'parquet' && options.output === undefined) refuseTerminal(exporterOf('parquet')!);
      const query = queryOf(statement, options);
      if (!query && options.set)
        throw new UsageError('--set is for a query: give --query, --file or a statement');
      const tables = query ? { tables: tablesIn(query.sql) } : {};
      const store = await openStore(location, { ...selectionOf(options), ...tables });
      if (options.query !== undefined) requireTables(store, query!.reads.keys());
      const session = await openFleet(store);
      try {
        if (query) await session.connection.run(parametersStatement(query, options.set ?? new Map()));
        const sql = query?.sql ?? (process.stdin.isTTY ? undefined : await statementsOfInput());
        if (sql === undefined) await prompt(session, format);
        else if (options.output === undefined) await printResults(session, sql, format, stdoutData);
        else await intoFile(options.output, [], (write) => printResults(session, sql, format, write));
      } finally {
        session.close();
      }
    },
  );
}

function queryOf(statement: string | undefined, { file, query }: SqlOptions): FleetQuery | undefined {
  if (query !== undefined) return fleetQuery(query);
  if (file !== undefined) return parseQuery(file, readScript(file));
  return statement === undefined ? undefined : parseQuery('the statement', statement);
}

function queriesCommand(fleet: Command): void {
  const command = fleet
    .command('queries')
    .summary('list the ready queries')
    .description(
      'Lists the ready queries, or prints one. The same text runs in Spark SQL. With a store, shows how many bytes each query would read.',
    )
    .argument('[name]', 'query to print')
    .option('--store <location>', `${STORE_HELP}, to add up what each query would read`);
  addExamples(
    command,
    'structpage fleet queries',
    'structpage fleet queries leak-suspects',
    'structpage fleet queries --store /srv/fleet',
  );
  command.action(async (name: string | undefined, { store }: { store?: string }) => {
    const queries = name === undefined ? fleetQueries() : [fleetQuery(name)];
    if (store !== undefined) {
      const costs = await queryCosts(await openStore(store), queries);
      const rows = costs.map((c) => [c.name, sizeText(c.bytes), `of ${sizeText(c.total)}`, String(c.files)]);
      await stdout(`${aligned([['query', 'reads', '', 'files'], ...rows])}\n`);
    } else if (name !== undefined) await stdout(queries[0]!.sql);
    else
      await stdout(
        `${aligned(
          queries.map((q) => [q.name, q.title]),
          '',
          [0, 1],
        )}\n`,
      );
  });
}

function reportCommand(fleet: Command): void {
  const command = fleet
    .command('report')
    .summary('write a page about all hosts')
    .description(
      'Writes an HTML page with the newest snapshot of each host: classes as bars, and remarks on hosts that differ from their peers, leak, or are fragmented. The page needs no network. Needs the package @duckdb/node-api.',
    )
    .argument('<store>', STORE_HELP)
    .requiredOption('-o, --output <file>', 'HTML file to write');
  addExamples(command, 'structpage fleet report /srv/fleet -o fleet.html');
  addStore(command).action(async (location: string, options: StoreOptions & { output: string }) => {
    const report = await fleetReport(
      await openStore(location, { ...selectionOf(options), tables: REPORTED }),
    );
    await intoFile(options.output, [], (write) => write(report.html));
    say(`${report.hosts} hosts, ${report.marked} of them with remarks, written to ${options.output}`);
  });
}

interface SimulateCliOptions {
  hosts: number;
  seed: number;
  memoryPages: number;
  snapshots: number;
  start: number;
  pages: PagesOf;
  from?: string[];
}

const TILE_PAGES = 1024;
/** So that each host has two peers of its role and release. */
const LEAST_HOSTS = 24;
const LEAST_TILES = 64;

function simulateCommand(fleet: Command): void {
  const command = fleet
    .command('simulate')
    .summary('write snapshots of simulated hosts with planted faults')
    .description(
      'Makes snapshots of hosts out of the pages of captures or dumps, with faults that a seed selects: a leak, fragmentation, dying cgroups, an outlier, an update, reclaimable memory. Writes what it planted, and what each ready query must find, to planted.json.',
    )
    .argument('<folder>', 'new folder')
    .option('--hosts <n>', 'number of hosts, at least 24', parseCount, 40)
    .option('--seed <n>', 'seed of all choices', parseCount, 1)
    .option('--memory-pages <n>', 'pages of each host, a multiple of 1024, at least 65536', parseCount, 65536)
    .option('--snapshots <n>', 'snapshots of each host, a day apart', parseCount, 6)
    .option('--start <date>', 'date of the first snapshot', parseDate, Date.UTC(2026, 10, 16))
    .option('--pages <which>', 'snapshots with pages: last, all or none', parsePagesOf, 'last')
    .option('--from <dumps>', 'captures or dumps to take pages from (default: the sample)', parseNames);
  addExamples(command, 'structpage fleet simulate fleet --hosts 200 --seed 7');
  command.action(async (folder: string, options: SimulateCliOptions) => {
    const { hosts, seed, memoryPages, snapshots, start, pages, from } = options;
    if (hosts < LEAST_HOSTS) throw new UsageError(`--hosts must be at least ${LEAST_HOSTS}`);
    if (memoryPages % TILE_PAGES !== 0 || memoryPages < LEAST_TILES * TILE_PAGES) {
      throw new UsageError(
        `--memory-pages must be a multiple of ${TILE_PAGES}, at least ${LEAST_TILES * TILE_PAGES}`,
      );
    }
    if (snapshots < 2 || snapshots > 1000) throw new UsageError('--snapshots must be from 2 to 1000');
    const dumps = from ?? [samplePath()];
    const captures = await Promise.all(dumps.map((dump) => openMemory(dump)));
    try {
      const progress = new Progress();
      const size: SimulateOptions = { hosts, seed, tiles: memoryPages / TILE_PAGES, snapshots, start };
      const report = await simulateFleet(folder, captures, size, pages, (done, total) =>
        progress.update('hosts', done, total),
      );
      progress.done();
      say(
        `${hosts} hosts, ${report.rows} rows of pages, ${report.files} files, ${sizeText(report.bytes)} written to ${folder}`,
      );
    } finally {
      for (const capture of captures) capture.close();
    }
  });
}

interface StoreOptions {
  from?: string;
  to?: string;
  host?: string[];
  cacheLimit?: number;
}

/** The tables that a report needs. */
const REPORTED: ReadonlySet<FleetTable> = new Set(['hosts', 'summary', 'free']);

function addStore(command: Command): Command {
  return command
    .option('--from <date>', 'read snapshots from this date on, e.g. 2026-11-17', checkDate)
    .option('--to <date>', 'read snapshots up to this date', checkDate)
    .option('--host <names>', 'read snapshots of these hosts', parseNames)
    .option(
      '--cache-limit <size>',
      'with s3://: maximum size of the copies on this machine, e.g. 20G (default: 10G)',
      parseSize,
    );
}

function selectionOf({ from, to, host, cacheLimit }: StoreOptions): Selection {
  return {
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(host === undefined ? {} : { hosts: host }),
    ...(cacheLimit === undefined ? {} : { cacheLimit }),
  };
}

/** Of two arguments the store is the last; it may also come first. */
function splitStore(
  first: string | undefined,
  last: string | undefined,
): { statement: string | undefined; store: string } {
  if (first === undefined) throw new UsageError(`name the store: a ${STORE_HELP}`);
  if (last === undefined) return { statement: undefined, store: first };
  return isStore(first) && !isStore(last)
    ? { statement: last, store: first }
    : { statement: first, store: last };
}

function isStore(text: string): boolean {
  // a long statement is no name of a file, which statSync throws for
  return text.startsWith('s3://') || (existsSync(text) && statSync(text).isDirectory());
}

function parseSetting(text: string, before: ReadonlyMap<string, string> = new Map()): Map<string, string> {
  const [, name, value] = /^(\w+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError('Expected NAME=VALUE, e.g. snapshots=7.');
  return new Map([...before, [name, value!]]);
}

function checkDate(text: string): string {
  parseDate(text);
  return text;
}

function parseDate(text: string): number {
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(time)) throw new InvalidArgumentError('Expected a date such as 2026-11-17.');
  return time;
}

function parsePagesOf(text: string): PagesOf {
  if (text === 'last' || text === 'all' || text === 'none') return text;
  throw new InvalidArgumentError('Expected last, all or none.');
}
