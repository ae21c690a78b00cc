import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import { StructPageError } from '../../src/core/errors.ts';
import { containers } from './containers.ts';
import { dumps } from './dumps.ts';
import { expressions } from './expressions.ts';
import { kernels } from './kernels.ts';
import { monitor } from './monitor.ts';
import { pageWalks } from './page-walks.ts';
import { Random } from './random.ts';
import type { Target } from './target.ts';
import { layoutFiles, vmcoreinfo } from './texts.ts';
import { btfTypes, kernelFiles } from './types.ts';

const TARGETS = [
  containers,
  vmcoreinfo,
  layoutFiles,
  btfTypes,
  kernelFiles,
  pageWalks,
  monitor,
  expressions,
  dumps,
  kernels,
] as Target[];

interface Order {
  readonly seed: number;
  readonly runs: number;
  readonly seconds: number;
  readonly only: string | undefined;
  readonly failures: string;
  /** Shared with who watches: how many executions were begun. */
  readonly begun: Int32Array;
}

/** Executions between two reports. */
const REPORT_EVERY = 10_000;
/** Inputs of a target that are mutated further. */
const MOST_INPUTS = 512;
/** What all array buffers may take after a run, in bytes; a leak, or a claim that was believed, takes more. */
const MOST_BUFFERS = 600 * 2 ** 20;

interface Tally {
  readonly target: Target;
  readonly inputs: unknown[];
  readonly seen: Set<string>;
  runs: number;
  refused: number;
  failed: number;
  slowest: number;
  milliseconds: number;
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const order = workerData as Order;
const tallies = TARGETS.filter((t) => order.only === undefined || t.name === order.only).map(
  (target): Tally => {
    return {
      target,
      inputs: [...target.seeds],
      seen: new Set(),
      runs: 0,
      refused: 0,
      failed: 0,
      slowest: 0,
      milliseconds: 0,
    };
  },
);
const total = tallies.reduce((sum, { target }) => sum + target.weight, 0);

function choose(random: Random): Tally {
  let at = random.below(total * 1024) / 1024;
  for (const tally of tallies) {
    at -= tally.target.weight;
    if (at < 0) return tally;
  }
  return tallies[0]!;
}

async function once(random: Random, number: number): Promise<void> {
  const tally = choose(random);
  const { target, inputs } = tally;
  const from = random.chance(0.4) ? target.seeds : inputs;
  const input = target.mutate(random, random.pick(from), inputs);
  tally.runs++;
  // where a run that does not end leaves its input
  current = { target: target.name, input };
  const begun = performance.now();
  let outcome: string;
  let kept = true;
  try {
    outcome = await target.run(input);
  } catch (error) {
    if (error instanceof StructPageError) {
      tally.refused++;
      // what is refused at the door leads nowhere
      kept = random.chance(0.1);
      outcome = `${error.name} ${error.message.replace(/\d+|0x[0-9a-f]+|'[^']*'/g, '#').slice(0, 120)}`;
    } else {
      tally.failed++;
      fail(target.name, input, number, String((error as Error)?.stack ?? error));
      outcome = 'failed';
    }
  }
  const took = performance.now() - begun;
  tally.milliseconds += took;
  tally.slowest = Math.max(tally.slowest, took);
  if (tally.seen.has(outcome)) return;
  if (tally.seen.size < 100_000) tally.seen.add(outcome);
  if (!kept) return;
  if (inputs.length < MOST_INPUTS) inputs.push(input);
  else inputs[random.below(MOST_INPUTS)] = input;
}

let current: { target: string; input: unknown } | undefined;

function fail(target: string, input: unknown, number: number, why: string): void {
  const path = join(order.failures, `${target.replaceAll(' ', '-')}-${order.seed}-${number}.json`);
  writeFileSync(
    path,
    JSON.stringify({ target, input, why }, (_, value) =>
      value instanceof Uint8Array ? { base64: Buffer.from(value).toString('base64') } : value,
    ),
  );
  parentPort!.postMessage({ kind: 'failure', target, path, why });
}

/** What the inputs to begin with give: a target whose seeds are refused tries little. */
async function seeds(): Promise<void> {
  for (const { target } of tallies) {
    for (const [i, input] of target.seeds.entries()) {
      try {
        await target.run(input);
      } catch (error) {
        parentPort!.postMessage({ kind: 'seed', target: target.name, number: i, why: String(error) });
      }
    }
  }
}

async function all(): Promise<void> {
  await seeds();
  const end = performance.now() + order.seconds * 1000;
  let n = 0;
  for (; n < order.runs && performance.now() < end; n++) {
    Atomics.store(order.begun, 0, n + 1);
    await once(new Random(order.seed * 0x9e3779b1 + n), n);
    if (n > 0 && n % REPORT_EVERY === 0) report('progress', n);
    // what is held by weak references alone is only given back between two turns of the loop
    if (n % 16 === 0) await new Promise((resolve) => setImmediate(resolve));
    if (n % 64 === 0 && process.memoryUsage().arrayBuffers > MOST_BUFFERS) {
      collectGarbage();
      const { arrayBuffers } = process.memoryUsage();
      if (arrayBuffers > MOST_BUFFERS) {
        fail(current!.target, current!.input, n, `array buffers of ${arrayBuffers} bytes that are kept`);
        break;
      }
    }
  }
  report('done', n);
}

function report(kind: 'done' | 'progress', runs: number): void {
  collectGarbage();
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  parentPort!.postMessage({
    kind,
    runs,
    arrayBuffers,
    heapUsed,
    tallies: tallies.map(({ target, inputs, seen, ...numbers }) => ({
      name: target.name,
      inputs: inputs.length,
      outcomes: seen.size,
      ...numbers,
    })),
  });
}

void all();
