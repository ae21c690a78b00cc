import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { exporterOf, type SqlDump, SqlSession, UsageError } from '../../index.ts';
import { addExamples } from '../help.ts';
import { type Outcome, reportUnread, withImages } from '../open.ts';
import { addCache, addImage, DUMP_HELP, type ImageOptions } from '../options.ts';
import { refuseTerminal, say, stdoutData } from '../output.ts';
import { intoFile } from '../output-file.ts';
import { formatNamed, SQL_FORMATS } from '../sql-format.ts';
import { prompt, readScript, statementsOfInput } from '../sql-prompt.ts';
import { printResults } from '../sql-results.ts';

interface Options extends ImageOptions {
  dump?: NamedDump[];
  file?: string;
  format?: string;
  json?: boolean;
  output?: string;
}

/** A dump with the name of its schema. */
interface NamedDump {
  readonly name: string;
  readonly path: string;
}

/** structpage sql: ask the tables of dumps with SQL. */
export function sqlCommand(program: Command, outcome: Outcome): void {
  const command = program
    .command('sql')
    .summary('query pages and tables with SQL')
    .description(
      'Runs SQL over the tables of a dump: pages, zones, free_blocks, processes, ... Without a statement, reads statements from a prompt or from standard input. Needs the package @duckdb/node-api.',
    )
    .argument('[dump...]', `${DUMP_HELP}; then the statement`)
    .option(
      '--dump <name=file>',
      'open a dump under a name, e.g. a=one.elf for the table a.pages; repeatable',
      named,
    )
    .option('--file <file>', 'run the statements in a file')
    .option('--format <name>', `output format: ${SQL_FORMATS.join(', ')} (default: table)`)
    .option('--json', 'the same as --format json')
    .option('-o, --output <file>', 'write the result to a file; the extension selects the format');
  addExamples(
    command,
    "structpage sql vmcore 'select type, count(*) from pages group by all'",
    'structpage sql vmcore "select slab_cache, count(*) from pages where has_flag(flags, \'dirty\') group by all"',
    "structpage sql --dump a=old.elf --dump b=new.elf 'select count(*) from a.pages join b.pages using (pfn, mapping)'",
    'structpage sql vmcore              # a prompt',
  );
  addCache(addImage(command)).action(async (args: string[], options: Options) => {
    if (options.json && (options.format ?? 'json') !== 'json') {
      throw new UsageError(`--json and --format ${options.format} cannot be combined`);
    }
    const format = formatNamed(options.json ? 'json' : options.format, options.output);
    if (format === 'parquet' && options.output === undefined) refuseTerminal(exporterOf('parquet')!);
    const { dumps, statement } = splitStatement(args);
    if (statement !== undefined && options.file !== undefined) {
      throw new UsageError('give the statement or --file, not both');
    }
    if (options.dump && dumps.length > 0) {
      throw new UsageError(`give every dump a name with --dump, ${dumps[0]} too`);
    }
    const wanted = options.dump ?? [{ name: undefined, path: dumps }];
    const script = options.file === undefined ? statement : readScript(options.file);
    await withDumps(wanted, options, outcome, async (opened) => {
      const session = await SqlSession.open(opened);
      try {
        const sql = script ?? (process.stdin.isTTY ? undefined : await statementsOfInput());
        if (sql === undefined) await prompt(session, format);
        else if (options.output === undefined) await printResults(session, sql, format, stdoutData);
        else {
          const inputs = opened.flatMap(({ inspector }) => inspector.image.inputs ?? []);
          await intoFile(options.output, inputs, (write) => printResults(session, sql, format, write));
        }
      } finally {
        for (const [{ inspector }, counts] of session.counts) {
          reportUnread(inspector, counts, 'left out', outcome);
        }
        session.close();
      }
    });
  });
}

/** Opens all dumps; what one of them cannot tell is said with its name. */
async function withDumps(
  wanted: readonly { readonly name: string | undefined; readonly path: string | readonly string[] }[],
  options: ImageOptions,
  outcome: Outcome,
  use: (opened: readonly SqlDump[]) => Promise<void>,
): Promise<void> {
  const files = wanted.map(({ path }) => (typeof path === 'string' ? [path] : path));
  await withImages(files, options, (inspectors) =>
    use(
      inspectors.map((inspector, i): SqlDump => {
        const { name } = wanted[i]!;
        const trouble = (sentence: string): void => {
          say(name === undefined ? sentence : `${name}: ${sentence}`);
          outcome.code = 3;
        };
        return { inspector, trouble, ...(name === undefined ? {} : { name }) };
      }),
    ),
  );
}

/** The last argument is a statement if it has words and names no file. */
function splitStatement(args: readonly string[]): {
  dumps: readonly string[];
  statement: string | undefined;
} {
  const last = args.at(-1);
  if (last === undefined || !/\s/.test(last) || existsSync(last))
    return { dumps: args, statement: undefined };
  return { dumps: args.slice(0, -1), statement: last };
}

function named(text: string, before: readonly NamedDump[] = []): NamedDump[] {
  const match = /^([A-Za-z_]\w*)=(.+)$/s.exec(text);
  if (!match) throw new UsageError(`--dump takes a name and a file, such as a=one.elf, not '${text}'`);
  const [, name, path] = match as unknown as [string, string, string];
  if (name.toLowerCase() === 'main' || before.some((d) => d.name.toLowerCase() === name.toLowerCase())) {
    throw new UsageError(`--dump: the name ${name} is taken`);
  }
  return [...before, { name, path }];
}
