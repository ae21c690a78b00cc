#!/usr/bin/env node
// Fuzzes all that structpage takes from others, in this process: node scripts/fuzz.mjs [--runs N] [--seconds N] [--seed N] [--target NAME] [--report FILE].
// STRUCTPAGE_FUZZ_DUMPS names whole dumps for the target 'kernels', with colons between.
// Exits with 1 if an input gave another error than one of structpage's own, did not end, or took too much memory; such
// inputs are written to build/fuzz/failures.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { rolldown } from 'rolldown';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000000' },
    seconds: { type: 'string', default: '86400' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    target: { type: 'string' },
    report: { type: 'string' },
  },
});
/** How long one input may take; the machine may be busy. */
const MOST_SECONDS = 60;
const folder = join(root, 'build', 'fuzz');
const failures = join(folder, 'failures');
mkdirSync(failures, { recursive: true });

// two folders deep, as the modules of src/ and dist/, which find what they load from there
const build = await rolldown({
  input: join(root, 'test', 'fuzz', 'worker.ts'),
  platform: 'node',
  external: [/^node:/, 'koffi', 'fzstd', 'xz-decompress', '@bokuweb/zstd-wasm'],
  logLevel: 'silent',
});
const { output } = await build.generate({ format: 'esm', codeSplitting: false });
await build.close();
const bundle = join(folder, 'worker.mjs');
writeFileSync(bundle, output[0].code);

const begun = new Int32Array(new SharedArrayBuffer(4));
const order = {
  seed: Number(values.seed),
  runs: Number(values.runs),
  seconds: Number(values.seconds),
  only: values.target,
  failures,
  begun,
};
const start = performance.now();
const seconds = () => ((performance.now() - start) / 1000).toFixed(0);
let failed = 0;

/** Ends the run; a report counts each target as a test, as those of the test runner do. */
function end(tallies, isWhole) {
  const bad = isWhole
    ? Math.max(Math.min(failed, 1), tallies.filter((t) => t.failed > 0 || t.runs === 0).length)
    : 1;
  if (values.report !== undefined) {
    const report = {
      numPassedTests: tallies.length - Math.min(bad, tallies.length),
      numFailedTests: bad,
      success: bad === 0,
      testResults: [],
    };
    writeFileSync(values.report, JSON.stringify(report));
  }
  process.exit(bad > 0 ? 1 : 0);
}

const worker = new Worker(bundle, { workerData: order, resourceLimits: { maxOldGenerationSizeMb: 600 } });
worker.on('message', (message) => {
  if (message.kind === 'seed') {
    console.log(`seed ${message.number} of ${message.target} is refused: ${message.why}`);
    return;
  }
  if (message.kind === 'failure') {
    failed++;
    if (failed <= 20) console.log(`FAILED ${message.target} (${message.path})\n${message.why}\n`);
    return;
  }
  if (message.kind === 'progress') {
    console.log(
      `${message.runs} executions in ${seconds()} s, ${failed} failed; ${(message.arrayBuffers / 2 ** 20).toFixed(0)} MiB of buffers, ${(message.heapUsed / 2 ** 20).toFixed(0)} MiB of heap`,
    );
    return;
  }
  clearInterval(watch);
  console.table(
    message.tallies.map(({ slowest, milliseconds, ...t }) => ({
      ...t,
      slowest: `${slowest.toFixed(0)} ms`,
      mean: `${(milliseconds / Math.max(1, t.runs)).toFixed(2)} ms`,
    })),
  );
  console.log(
    `${message.runs} executions in ${seconds()} s with seed ${order.seed}: ${failed} failed; at most ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`,
  );
  end(message.tallies, true);
});
worker.on('error', (error) => {
  console.log(`FAILED at execution ${begun[0]} with seed ${order.seed}: ${error.stack ?? error}`);
  end([], false);
});

let last = 0;
let since = performance.now();
const watch = setInterval(() => {
  const now = Atomics.load(begun, 0);
  if (now !== last) {
    last = now;
    since = performance.now();
    return;
  }
  if (now > 0 && performance.now() - since > MOST_SECONDS * 1000) {
    console.log(`FAILED: execution ${now - 1} with seed ${order.seed} has not ended after ${MOST_SECONDS} s`);
    end([], false);
  }
}, 1000);
