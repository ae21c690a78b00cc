// npm run bench: structpage beside a C reference, crash and drgn, on the same dumps, in turn, in one run.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { writeJob } from './job.mjs';
import { makeSynthetic } from './synthetic.mjs';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const OURS = join(ROOT, 'dist', 'cli', 'main.js');
const quick = process.argv.includes('--quick');
const ROUNDS = quick ? 3 : 7;
const COLUMNS = 'pfn,flags_raw,refcount,mapcount_raw,type,order,node,zone,head,mapping,index,private';
/** Nearly no page has it, so that writing rows is no part of the work. */
const FILTER = 'writeback';
/** What crash's kmem -p prints of each page. */
const KMEM_COLUMNS = 'page,phys,mapping,index,refcount,flags';

const work = mkdtempSync(join(process.env.STRUCTPAGE_BENCH_DIR ?? tmpdir(), 'structpage-bench-'));
process.on('exit', () => rmSync(work, { recursive: true, force: true }));
process.on('SIGINT', () => process.exit(130));
const fast = existsSync('/dev/shm') ? mkdtempSync('/dev/shm/structpage-bench-') : work;
process.on('exit', () => rmSync(fast, { recursive: true, force: true }));

const rows = [];
const notes = [];
const say = (text) => process.stdout.write(`${text}\n`);

/** Runs a command; seconds from start to end and the most memory it had, in MiB. */
function run([command, ...args]) {
  const script = '"$@" > /dev/null 2> /dev/null';
  const peak = join(work, 'peak');
  const timed = existsSync('/usr/bin/time') ? ['/usr/bin/time', '-f', '%M', '-o', peak] : [];
  const start = process.hrtime.bigint();
  const { status } = spawnSync('sh', ['-c', script, 'sh', ...timed, command, ...args]);
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}`);
  const mib = timed.length > 0 ? Number(readFileSync(peak, 'utf8').trim().split('\n').at(-1)) / 1024 : 0;
  return { seconds, mib };
}

/** Seconds from the start of a command to its second line: the first one names the columns. */
function firstRow([command, ...args]) {
  return new Promise((resolve, reject) => {
    const start = process.hrtime.bigint();
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    let lines = 0;
    let seconds = 0;
    child.stdout.on('data', (bytes) => {
      for (const byte of bytes) lines += byte === 10 ? 1 : 0;
      if (lines < 2 || seconds > 0) return;
      seconds = Number(process.hrtime.bigint() - start) / 1e9;
      child.stdout.destroy();
      child.kill();
    });
    child.on('error', reject);
    child.on('close', () =>
      seconds > 0 ? resolve({ seconds, mib: 0 }) : reject(new Error(`${command} printed no row`)),
    );
  });
}

function median(list) {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** Runs several things in turn, a round to warm up first; medians of each, in seconds. */
async function inTurn(things, rounds = ROUNDS, outputs = []) {
  const times = things.map(() => []);
  const peaks = things.map(() => 0);
  for (let round = 0; round <= rounds; round++) {
    for (const [i, thing] of things.entries()) {
      // a file that is there would have to be freed first
      for (const output of outputs) rmSync(output, { force: true });
      const { seconds, mib } = await thing();
      if (round > 0) times[i].push(seconds);
      peaks[i] = Math.max(peaks[i], mib);
    }
  }
  return times.map((list, i) => ({
    seconds: median(list),
    mib: peaks[i],
    spread: Math.max(...list) / Math.min(...list),
  }));
}

function row(job, ours, other, ratio, bar) {
  rows.push([job, ours, other, ratio, bar]);
  say(`${job}: ${ours}, ${other}: ${ratio} (${bar})`);
}

const ms = (seconds) => `${(seconds * 1000).toFixed(0)} ms`;
const rate = (pages, seconds) => `${(pages / seconds / 1e6).toFixed(1)} M/s`;
const has = (command) => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;
const ours = (...args) => [process.execPath, OURS, ...args];

/** The C reference, compiled here and now; undefined without a compiler. */
function compile() {
  if (!has('gcc')) return undefined;
  const binary = join(work, 'reference');
  execFileSync('gcc', ['-O3', '-march=native', '-o', binary, join(ROOT, 'bench/reference/reference.c')]);
  return binary;
}

/** In-process times of the loops alone, without the start of a process: run in a child so that nothing is warm. */
function inside(dump, what, jobs = 1) {
  const out = execFileSync(
    process.execPath,
    [join(ROOT, 'bench/inside.mjs'), dump, what, String(jobs), FILTER],
    {
      encoding: 'utf8',
    },
  );
  return Number(out.trim());
}

const reference = compile();
if (!reference) notes.push('No gcc on this machine: the C reference was not run.');

// ---- inputs
const given = process.env.STRUCTPAGE_BENCH_DUMP;
const capture = join(work, 'capture.elf');
if (given) execFileSync(process.execPath, [OURS, 'capture', given, '-o', capture], { stdio: 'ignore' });
else writeFileSync(capture, gunzipSync(readFileSync(join(ROOT, 'examples/sample.elf.gz'))));
const sizes = given
  ? { '16 M': 2 ** 24, '268 M': 2 ** 28 }
  : { '2 M': 2 ** 21, '16 M': 2 ** 24, '268 M': 2 ** 28 };
const dumps = new Map(given ? [['2 M', capture]] : []);
for (const [name, pages] of Object.entries(sizes)) {
  if (quick && pages > 2 ** 24) continue;
  const path = join(work, `${name.replace(' ', '')}.elf`);
  await makeSynthetic(capture, path, pages);
  dumps.set(name, path);
}

for (const [name, dump] of dumps) {
  const job = join(work, 'job');
  const { pages, summary } = await writeJob(dump, job, FILTER);
  const few = pages > 2 ** 25 ? Math.min(3, ROUNDS) : ROUNDS;
  if (reference) {
    const theirs = execFileSync(reference, ['summary', dump, job], { encoding: 'utf8' })
      .trim()
      .split('\n')
      .sort();
    if (theirs.join('\n') !== summary.join('\n'))
      throw new Error(`the reference counts differently on ${name}`);
    for (const what of ['summary', 'filter', 'gather']) {
      const times = [[], []];
      for (let round = 0; round <= few; round++) {
        const mine = inside(dump, what);
        const c = run([reference, what, dump, job]).seconds;
        if (round > 0) {
          times[0].push(mine);
          times[1].push(c);
        }
      }
      const [a, b] = times.map(median);
      row(
        `${what}, ${name} pages, 1 thread, without start-up`,
        `${ms(a)} (${rate(pages, a)})`,
        `C ${ms(b)} (${rate(pages, b)})`,
        (b / a).toFixed(2),
        { summary: '>= 0.85', filter: '>= 0.9' }[what] ?? '',
      );
    }
  }
  // a file in memory, or nothing where that would be too much: what a disk can do is not what is asked
  const large = pages >= 2 ** 25;
  const place = (file) => (large ? '/dev/null' : join(fast, file));
  const to = large ? ', to /dev/null' : '';
  const [mine, theirs] = [place('ours.csv'), place('theirs.csv')];
  const outputs = large ? [] : [mine, theirs];
  const csv = (jobs) =>
    ours('export', dump, '--jobs', jobs, '--columns', COLUMNS, '--format', 'csv', '-o', mine);
  if (reference) {
    const c = [reference, 'csv', dump, job, theirs];
    if (!large) {
      run(csv('1'));
      run(c);
      if (spawnSync('cmp', [mine, theirs]).status !== 0)
        throw new Error(`the reference writes other CSV on ${name}`);
    }
    const [a, b] = await inTurn([() => run(csv('1')), () => run(c)], few, outputs);
    row(
      `CSV of 12 columns, ${name} pages, 1 thread, start to end${to}`,
      `${ms(a.seconds)} (${rate(pages, a.seconds)})`,
      `C ${ms(b.seconds)} (${rate(pages, b.seconds)})`,
      (b.seconds / a.seconds).toFixed(2),
      '>= 0.8, >= 4 M/s',
    );
    for (const output of outputs) rmSync(output, { force: true });
  }
  {
    const [one, two] = await inTurn([() => run(csv('1')), () => run(csv('2'))], few, outputs);
    row(
      `CSV, ${name} pages, 2 threads against 1, start to end${to}`,
      `${ms(two.seconds)} (${two.mib.toFixed(0)} MiB)`,
      `1 thread ${ms(one.seconds)} (${one.mib.toFixed(0)} MiB)`,
      (one.seconds / two.seconds).toFixed(2),
      '>= 1.6',
    );
    for (const output of outputs) rmSync(output, { force: true });
  }
  const [one, two] = await inTurn(
    ['1', '2'].map((n) => () => run(ours('summary', dump, '--jobs', n))),
    few,
  );
  row(
    `summary, ${name} pages, 2 threads against 1`,
    ms(two.seconds),
    `1 thread ${ms(one.seconds)}`,
    (one.seconds / two.seconds).toFixed(2),
    '>= 1.6',
  );
  const perPage = (inside(dump, 'summary') / pages) * 1e9;
  row(
    `summary, ${name} pages: cost and memory`,
    `${perPage.toFixed(1)} ns a page`,
    `${one.mib.toFixed(0)} MiB, 2 threads ${two.mib.toFixed(0)} MiB`,
    '',
    'linear, < 200 MiB',
  );
}

// ---- start-up, crash, drgn
const vmlinux = process.env.STRUCTPAGE_BENCH_VMLINUX;
const peerDump = process.env.STRUCTPAGE_BENCH_PEER_DUMP;
const small = join(work, 'small.elf');
writeFileSync(small, gunzipSync(readFileSync(join(ROOT, 'examples/sample.elf.gz'))));
{
  const first = (...more) => firstRow(ours('dump', small, ...more));
  const [kept, anew] = await inTurn([() => first(), () => first('--no-cache')]);
  row('start to first row, 65,536 pages, kernel met before', ms(kept.seconds), '', '', '<= 120 ms');
  row('start to first row, 65,536 pages, kernel not met before', ms(anew.seconds), '', '', '<= 120 ms');
}
if (peerDump && vmlinux && has('crash')) {
  const commands = join(work, 'commands');
  writeFileSync(commands, 'kmem -p\nquit\n');
  const crash = ['sh', '-c', `crash -s ${vmlinux} ${peerDump} < ${commands} > ${join(fast, 'crash.txt')}`];
  const csv = ours('export', peerDump, '--columns', KMEM_COLUMNS, '-o', join(fast, 'ours.csv'));
  const [a, b] = await inTurn([() => run(csv), () => run(crash)], Math.min(5, ROUNDS));
  row(
    `CSV of all pages, with the columns of kmem -p, against crash kmem -p > file, ${(statSync(peerDump).size / 2 ** 30).toFixed(1)} GiB dump`,
    `${ms(a.seconds)}, ${a.mib.toFixed(0)} MiB`,
    `crash ${ms(b.seconds)}, ${b.mib.toFixed(0)} MiB`,
    (a.seconds / b.seconds).toFixed(3),
    '<= 0.1',
  );
  const first = ['sh', '-c', `exec crash -s ${vmlinux} ${peerDump} < ${commands}`];
  const [c, d] = await inTurn(
    [() => firstRow(ours('dump', peerDump)), () => firstRow(first)],
    Math.min(5, ROUNDS),
  );
  row(
    'start to first row against crash, the same dump',
    ms(c.seconds),
    `crash ${ms(d.seconds)}`,
    (c.seconds / d.seconds).toFixed(3),
    '<= 0.033',
  );
} else
  notes.push('crash was not run: it needs crash, STRUCTPAGE_BENCH_PEER_DUMP and STRUCTPAGE_BENCH_VMLINUX.');
const python = (process.env.STRUCTPAGE_BENCH_PYTHON ?? 'python3').split(' ');
const hasDrgn = spawnSync(python[0], [...python.slice(1), '-c', 'import drgn']).status === 0;
if (peerDump && vmlinux && hasDrgn) {
  const drgn = [...python, join(ROOT, 'bench/drgn-flags.py'), peerDump, vmlinux];
  const [a, b] = await inTurn(
    [
      () =>
        run(
          ours(
            'export',
            peerDump,
            '--columns',
            'pfn,flags_raw,refcount,mapcount_raw',
            '-o',
            join(fast, 'ours.csv'),
          ),
        ),
      () => run(drgn),
    ],
    1,
  );
  row(
    'four words of each page as CSV against drgn printing them, the same dump',
    ms(a.seconds),
    `drgn ${ms(b.seconds)}`,
    (a.seconds / b.seconds).toFixed(4),
    '',
  );
} else notes.push('drgn was not run: it needs python3-drgn and the same two.');

// ---- report
const head = ['job', 'structpage', 'beside', 'ratio', 'bar'];
const widths = head.map((name, i) => Math.max(name.length, ...rows.map((cells) => cells[i].length)));
const table = [head, widths.map((width) => '-'.repeat(width)), ...rows].map(
  (cells) => `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(' | ')} |`,
);
const cpu = cpus()[0];
const report = `# Results

${new Date().toISOString().slice(0, 10)}, ${cpu?.model.trim()}, ${availableParallelism()} processors, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Node ${process.versions.node}${reference ? `, ${execFileSync('gcc', ['--version'], { encoding: 'utf8' }).split('\n')[0]}` : ''}.
Command: \`${given ? 'STRUCTPAGE_BENCH_DUMP=<8 GiB guest> ' : ''}${peerDump ? 'STRUCTPAGE_BENCH_PEER_DUMP=<dump> STRUCTPAGE_BENCH_VMLINUX=<vmlinux> ' : ''}npm run bench${quick ? ' -- --quick' : ''}\`. Medians of ${ROUNDS} rounds in turn after one to warm up (fewer for
268 M pages and for crash). A ratio above 1 means that structpage is faster than what is beside it, except in the rows of crash and drgn, where it is the part
of their time that structpage needs. bench/README.md says what the inputs are.

${table.join('\n')}
${notes.length > 0 ? '\n' : ''}${notes.map((n) => `- ${n}\n`).join('')}`;
mkdirSync(join(ROOT, 'bench'), { recursive: true });
writeFileSync(join(ROOT, 'bench/RESULTS.md'), report);
say(`\n${table.join('\n')}\n\nwritten to bench/RESULTS.md`);
