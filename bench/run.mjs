// npm run bench: structpage beside a C reference, another build of itself, crash and drgn, on the same dumps, in turn, in one run.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { benchByteOrder } from './byte-order.mjs';
import { captureBy, inputs, SAMPLE } from './inputs.mjs';
import { writeJob } from './job.mjs';
import { firstRow, has, inTurn, runner } from './measure.mjs';
import { benchClasses, benchObjects } from './objects.mjs';
import { comparePeers } from './peers.mjs';
import { Report, rate, time, versionOf } from './report.mjs';
import { benchSnapshot } from './snapshot.mjs';
import { benchWalks } from './walks.mjs';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    against: { type: 'string' },
    guest: { type: 'string' },
    output: { type: 'string', default: join(ROOT, 'bench/RESULTS.md') },
  },
});
const ROUNDS = options.quick ? 3 : 7;
const MOST_PAGES = options.quick ? 2 ** 24 : 2 ** 26;
/** Above this fewer rounds, and CSV goes nowhere: what a disk can do is not what is asked. */
const LARGE = 2 ** 25;
const COLUMNS = 'pfn,flags_raw,refcount,mapcount_raw,type,order,node,zone,head,mapping,index,private';
/** Nearly no page has it, so that writing rows is no part of the work. */
const FILTER = 'writeback';
const JOBS = ['summary', 'filter', 'gather'];
/** Bars against C: the least ratio. Those of an idle guest are met for longer. */
const BARS = {
  idle: { summary: 0.85, filter: 0.9, csv: 0.8 },
  busy: { summary: 0.9, filter: 0.95, gather: 0.8, csv: 0.9 },
};
/** No row may be slower than the other build by more than this. */
const BEFORE = 0.97;
/** Two threads are worth this from so many pages on, and never slower than one. */
const THREADS = { least: 1.7, from: 2 ** 24, never: 0.97 };
const MOST_MIB = 130;
const FIRST_ROW = 0.12;

const base = process.env.STRUCTPAGE_BENCH_DIR ?? tmpdir();
mkdirSync(base, { recursive: true });
const work = mkdtempSync(join(base, 'structpage-bench-'));
const fast = existsSync('/dev/shm') ? mkdtempSync('/dev/shm/structpage-bench-') : work;
process.on('exit', () => {
  for (const folder of [work, fast]) rmSync(folder, { recursive: true, force: true });
});
process.on('SIGINT', () => process.exit(130));

const report = new Report();
const run = runner(work);
/** The command of a build. Each has a cache of its own: builds that look for different types would write theirs in turn. */
const commandOf = (root) => {
  const cache = join(work, `cache-${root === ROOT ? 'ours' : 'other'}`);
  mkdirSync(cache, { recursive: true, mode: 0o700 });
  return ['env', `XDG_CACHE_HOME=${cache}`, process.execPath, join(root, 'dist/cli/main.js')];
};
const ours = commandOf(ROOT);
const before = options.against === undefined ? undefined : resolve(options.against);
if (before && !existsSync(join(before, 'dist/index.js')))
  throw new Error(`${before} has no dist/: build it first`);

/** The C reference, compiled here and now; undefined without a compiler. */
function compile() {
  if (!has('gcc')) return undefined;
  const binary = join(work, 'reference');
  execFileSync('gcc', ['-O3', '-march=native', '-o', binary, join(ROOT, 'bench/reference/reference.c')]);
  return binary;
}

/** A job of the library without start-up, in a process of its own so that nothing is warm. */
function inside(root, dump, what) {
  const args = [join(ROOT, 'bench/inside.mjs'), join(root, 'dist'), dump, what, FILTER];
  const [seconds, cpu] = execFileSync(process.execPath, args, { encoding: 'utf8' })
    .trim()
    .split(' ')
    .map(Number);
  return { seconds, cpu, mib: 0 };
}

/** Times ours, that of the other build, and something beside them in turn; adds a row for each of the two. */
async function compare(job, pages, things, { bar, text, name = 'C', rounds, outputs = [], output } = {}) {
  const keys = Object.keys(things).filter((key) => things[key]);
  const list = await inTurn(
    keys.map((key) => things[key]),
    rounds,
    outputs,
  );
  const times = Object.fromEntries(keys.map((key, i) => [key, list[i]]));
  const said = ({ seconds, mib }) =>
    `${time(seconds)}${pages ? ` (${rate(pages, seconds)})` : ''}${mib ? `, ${mib.toFixed(0)} MiB` : ''}`;
  const { mine, beside, old } = times;
  const row = (what, other, label, rowBar, rowText) =>
    report.add(what, {
      ours: said(mine),
      beside: `${label} ${said(other)}`,
      ratio: other.seconds / mine.seconds,
      cpu: other.cpu / mine.cpu,
      bar: rowBar,
      text: rowText,
    });
  if (beside) row(job, beside, name, bar, text);
  else if (output) output(mine);
  if (old) row(`${job}: this build against the other`, old, 'other', { least: BEFORE });
  return times;
}

const reference = compile();
if (!reference) report.notes.push('No gcc on this machine: the C reference was not run.');

async function benchDump({ guest, size, path: dump }) {
  const job = join(work, 'job');
  const { pages, summary } = await writeJob(dump, job, FILTER);
  const rounds = pages > LARGE ? Math.min(3, ROUNDS) : ROUNDS;
  const where = `${guest}, ${size} pages`;
  const bars = BARS[guest];
  const least = (what) => (bars[what] ? { least: bars[what] } : undefined);
  if (reference) {
    const theirs = execFileSync(reference, ['summary', dump, job], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .sort();
    if (theirs.join('\n') !== summary.join('\n'))
      throw new Error(`the reference counts differently on ${where}`);
  }
  for (const what of JOBS) {
    await compare(
      `${what}, ${where}, 1 thread, without start-up`,
      pages,
      {
        mine: () => inside(ROOT, dump, what),
        beside: reference && (() => run([reference, what, dump, job])),
        old: before && (() => inside(before, dump, what)),
      },
      { bar: least(what), rounds },
    );
  }

  const large = pages >= LARGE;
  const place = (file) => (large ? '/dev/null' : join(fast, file));
  const to = large ? ', to /dev/null' : '';
  const [mine, theirs] = [place('ours.csv'), place('theirs.csv')];
  const outputs = large ? [] : [mine, theirs];
  const csv = (command, jobs) => () =>
    run([...command, 'export', dump, ...jobs, '--columns', COLUMNS, '--format', 'csv', '-o', mine]);
  const one = ['--jobs', '1'];
  if (reference && !large) {
    csv(ours, one)();
    run([reference, 'csv', dump, job, theirs]);
    execFileSync('cmp', [mine, theirs]);
  }
  const rows = await compare(
    `CSV of 12 columns, ${where}, 1 thread, start to end${to}`,
    pages,
    {
      mine: csv(ours, one),
      beside: reference && (() => run([reference, 'csv', dump, job, theirs])),
      old: before && csv(commandOf(before), one),
    },
    { bar: least('csv'), rounds, outputs },
  );
  const threads = { least: pages >= THREADS.from ? THREADS.least : THREADS.never };
  const all = { name: '1 thread', bar: threads, rounds };
  await compare(
    `CSV, ${where}, threads as by default, start to end${to}`,
    pages,
    { mine: csv(ours, []), beside: csv(ours, one), old: before && csv(commandOf(before), []) },
    { ...all, outputs },
  );
  const summaryBy = (command, jobs) => () => run([...command, 'summary', dump, ...jobs]);
  const counts = await compare(
    `summary, ${where}, threads as by default, start to end`,
    pages,
    {
      mine: summaryBy(ours, ['--no-classes']),
      beside: summaryBy(ours, [...one, '--no-classes']),
      old: before && summaryBy(commandOf(before), []),
    },
    all,
  );
  await benchClasses({ report, ours, run, rounds, dump, where });
  // the bars are those of a host with 8 GiB
  if (pages === 2 ** 21) await benchSnapshot({ report, ours, run, rounds, dump, where, pages, work });
  for (const [what, mib] of [
    ['CSV', rows.mine.mib],
    ['summary', counts.beside.mib],
  ]) {
    if (!mib) continue;
    const text = `< ${MOST_MIB} MiB`;
    report.add(`memory of ${what}, ${where}, 1 thread`, {
      ours: `${mib.toFixed(0)} MiB`,
      value: mib,
      bar: { most: MOST_MIB },
      text,
    });
  }
}

async function benchFirstRow() {
  const small = join(work, 'small.elf');
  writeFileSync(small, gunzipSync(readFileSync(join(ROOT, SAMPLE))));
  for (const [kernel, more] of [
    ['met before', []],
    ['not met before', ['--no-cache']],
  ]) {
    const first = (command) => () => firstRow([...command, 'dump', small, ...more]);
    const job = `start to first row, 65,536 pages, kernel ${kernel}`;
    const text = `<= ${FIRST_ROW * 1000} ms`;
    const output = ({ seconds }) =>
      report.add(job, { ours: time(seconds), value: seconds, bar: { most: FIRST_ROW }, text });
    await compare(
      job,
      0,
      { mine: first(ours), old: before && first(commandOf(before)) },
      { rounds: ROUNDS, output },
    );
  }
}

const note = (text) => report.notes.push(text);
for await (const input of inputs(ROOT, work, MOST_PAGES, captureBy(ours), note)) {
  if (options.guest === undefined || input.guest === options.guest) await benchDump(input);
}
await benchFirstRow();
const objects = process.env.STRUCTPAGE_BENCH_OBJECTS;
if (objects) await benchObjects({ report, ours, run, rounds: ROUNDS, dump: objects, where: 'a whole dump' });
else note('No dump with the objects of a kernel: set STRUCTPAGE_BENCH_OBJECTS to one.');
await benchWalks({ root: ROOT, report, dump: join(ROOT, SAMPLE), rounds: ROUNDS });
await benchByteOrder({ root: ROOT, report, dump: join(ROOT, SAMPLE), times: 40 * ROUNDS });
await comparePeers({ root: ROOT, report, ours, run, fast, work, rounds: ROUNDS });

const variables = ['DUMP', 'BUSY', 'OBJECTS', 'PEER_DUMP', 'VMLINUX']
  .map((name) => `STRUCTPAGE_BENCH_${name}`)
  .filter((name) => process.env[name]);
const command = [
  ...variables.map((name) => `${name}=...`),
  'npm run bench',
  ...(options.quick || before || options.guest ? ['--'] : []),
  ...(options.quick ? ['--quick'] : []),
  ...(options.guest ? [`--guest ${options.guest}`] : []),
  ...(before ? ['--against DIR'] : []),
].join(' ');
writeFileSync(options.output, report.markdown(command, ROUNDS, reference && versionOf('gcc')));
process.stdout.write(`\nwritten to ${options.output}\n`);
