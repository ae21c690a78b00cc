// Runs inside of a guest, on the built package. Prints one line for each result: RESULT <name> <JSON>.
import { existsSync, readFileSync } from 'node:fs';
import * as structpage from './dist/index.js';

const scenario = /structpage\.scenario=(\w+)/.exec(readFileSync('/proc/cmdline', 'latin1'))?.[1];
const result = (name, value) =>
  process.stdout.write(
    `RESULT ${name} ${JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? `0x${v.toString(16)}` : v))}\n`,
  );
const attempt = async (run) => {
  try {
    return { value: await run() };
  } catch (error) {
    return { error: { name: error.name, message: error.message } };
  }
};

/** What this machine's pages are by its own kcore; then it waits, to be looked at from outside, until it is ended from there. */
async function outside() {
  const inspector = await structpage.openLive();
  const { types } = inspector.summary();
  inspector.close();
  result('inside', { types: [...types], pages: inspector.presentPages });
  await new Promise((resolve) => setTimeout(resolve, 300_000));
}

if (scenario && existsSync(`${scenario}.mjs`)) {
  const { error } = await attempt(() => import(`./${scenario}.mjs`));
  if (error) result('failed', { step: scenario, ...error });
}
const scenarios = { outside: [outside] };
for (const run of scenarios[scenario] ?? []) {
  const { error } = await attempt(run);
  if (error) result('failed', { step: run.name, ...error });
}
