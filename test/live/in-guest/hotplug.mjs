// Runs inside of a guest whose memory is plugged and unplugged from outside, and goes offline and online from within: all pages,
// again and again, beside the kernel's own answers.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { cli, loadVirtioMem, oops, result } from './common.mjs';
import * as structpage from './dist/index.js';

const SECONDS = Number(/structpage\.seconds=(\d+)/.exec(readFileSync('/proc/cmdline', 'latin1'))?.[1] ?? 60);
/** Which of the commands is the first. */
const FIRST = Number(/structpage\.first=(\d+)/.exec(readFileSync('/proc/cmdline', 'latin1'))?.[1] ?? 0);
const BLOCK = 16384;
/** Turns that a slow machine takes, too. */
const LEAST = 4;
/** How often a page is wrong that is not just changing. */
const READINGS = 3;
/** A command of these is run every so many turns. */
const EVERY = 3;
const COMMANDS = [
  ['verify'],
  ['export', '-o', '/tmp/pages.csv', '--columns', 'pfn,state,kpageflags,kpagecount'],
  ['summary'],
  ['export', '-o', '/tmp/pages.csv', '--columns', 'pfn,class,refs_unexplained'],
  ['owners'],
  ['balance'],
  ['slab'],
  ['dump', '--where', 'type == slab', '--limit', '20'],
];

await loadVirtioMem();
const moves = {};
const blocks = spawn('/bin/busybox', ['sh', 'blocks.sh'], { stdio: ['ignore', 'pipe', 'inherit'] });
blocks.stdout.setEncoding('latin1').on('data', (text) => {
  for (const word of text.split('\n').filter(Boolean)) moves[word] = (moves[word] ?? 0) + 1;
});
result('plug', {});

const codes = {};
const said = {};
const sizes = new Set();
const files = ['/proc/kpageflags', '/proc/kpagecount'].map((path) => openSync(path, 'r'));
const verified = { pages: 0, equal: 0, raced: 0, changing: 0, different: 0, groups: [] };
const rows = { all: 0, torn: 0, unread: 0, settled: 0, equal: 0, moved: 0, wrong: [] };
const failures = [];
let turns = 0;
// two guests together run all of them
let commands = FIRST;
for (const until = performance.now() + SECONDS * 1000; performance.now() < until || turns < LEAST; turns++) {
  try {
    const inspector = await structpage.openLive();
    sizes.add(inspector.presentPages);
    verify(inspector);
    held(inspector);
    sizes.add(inspector.presentPages);
    inspector.summary();
    inspector.close();
  } catch (error) {
    failures.push(error.stack);
  }
  result('turn', { turns, sizes: [...sizes], moves, verified: verified.pages });
  // the moves of blocks are told meanwhile
  await new Promise((resolve) => setTimeout(resolve, 5));
  if (turns % EVERY === EVERY - 1) run(COMMANDS[commands++ % COMMANDS.length]);
}
blocks.kill('SIGKILL');
result('unplug', {});
for (const file of files) closeSync(file);
result('hotplug', {
  turns,
  codes,
  said,
  moves,
  rows,
  verified,
  failures,
  sizes: [...sizes].sort(),
  oops: oops(),
});

function run(command) {
  const ran = cli(command);
  const key = `${command[0]} ${ran.code}`;
  codes[key] = (codes[key] ?? 0) + 1;
  if (ran.code !== 0) said[key] = `${ran.out.slice(-600)}${ran.err.slice(0, 900)}`;
}

function verify(inspector) {
  const outcome = structpage.verifyLive(inspector);
  for (const name of ['pages', 'equal', 'raced', 'changing', 'different']) verified[name] += outcome[name];
  verified.groups.push(...outcome.differentGroups);
}

/**
 * Holds each row against what the kernel says of its page right before and after: where it says one thing, that is what the row must say. A
 * page may have changed there and back, so a block with other rows is looked at again: pages that are wrong each time count as wrong.
 */
function held(inspector) {
  for (const range of inspector.model.present) {
    for (let start = range.start; start < range.end; start += BLOCK) {
      const end = Math.min(range.end, start + BLOCK);
      const counts = structpage.noCounts();
      let wrong = differing(inspector, start, end, counts, true);
      rows.torn += counts.torn;
      rows.unread +=
        Object.values(counts).reduce((sum, n) => sum + n, 0) - counts.ok - counts.absent - counts.torn;
      rows.moved += wrong.size;
      for (let again = 1; again < READINGS && wrong.size > 0; again++) {
        const still = differing(inspector, start, end, structpage.noCounts(), false);
        wrong = new Map([...wrong].filter(([pfn, told]) => still.get(pfn) === told));
      }
      if (wrong.size > 0) rows.wrong.push({ start, pages: wrong.size, examples: [...wrong].slice(0, 5) });
    }
  }
}

/** The pages of which the kernel says the same before and after we say something else: by pfn what both said. */
function differing(inspector, start, end, counts, isFirst) {
  const columns = ['kpageflags', 'kpagecount'];
  const before = kpage(start);
  const batches = [...inspector.selectSync({ columns, pfns: [{ start, end }] }, counts)];
  const after = kpage(start);
  const found = new Map();
  for (const { batch, rows: picked } of batches) {
    const [flags, maps] = columns.map((name) => batch.columns.get(name));
    for (const i of picked) {
      const at = batch.start + i - start;
      const settled = before.flags[at] === after.flags[at] && before.counts[at] === after.counts[at];
      if (isFirst) rows.all++;
      if (!settled) continue;
      const ours = (BigInt(flags.high[i]) << 32n) | BigInt(flags.low[i]);
      const same = ours === after.flags[at] && BigInt(maps.values[i]) === after.counts[at];
      if (isFirst) rows.settled++;
      if (isFirst && same) rows.equal++;
      if (!same)
        found.set(
          start + at,
          `${ours} ${maps.values[i]}, and the kernel ${after.flags[at]} ${after.counts[at]}`,
        );
    }
  }
  return found;
}

function kpage(start) {
  const [flags, counts] = files.map((fd) => {
    const words = new BigUint64Array(BLOCK);
    readSync(fd, new Uint8Array(words.buffer), 0, words.byteLength, start * 8);
    return words;
  });
  return { flags, counts };
}
