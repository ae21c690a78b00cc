import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { say } from './output.ts';

/**
 * The flag without which Node.js reserves 10 GiB of address space for each WebAssembly memory, of which every thread has
 * one.
 */
const FRUGAL = '--disable-wasm-trap-handler';
/** With less address space than this, not all threads get their memory. */
const ENOUGH = 64 * 2 ** 30;

/** How Node.js ends if it cannot allocate memory. */
const OUT_OF_MEMORY: ReadonlySet<NodeJS.Signals> = new Set(['SIGTRAP', 'SIGABRT', 'SIGILL', 'SIGSEGV']);
/** The exit code for what cannot be done here. */
const NOT_SUPPORTED = 4;

/** Whether `ulimit -v` is below the address space that Node.js would reserve. */
export function isAddressSpaceShort(): boolean {
  if (process.execArgv.includes(FRUGAL)) return false;
  let limit: string | undefined;
  try {
    limit = /^Max address space +(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1];
  } catch {
    return false;
  }
  // checked last: Node.js builds the list of its flags then, which takes as long as all the rest
  return limit !== undefined && Number(limit) < ENOUGH && process.allowedNodeEnvironmentFlags.has(FRUGAL);
}

/** Runs this command with a Node.js that reserves little, and returns its exit code. */
export async function runFrugally(): Promise<number> {
  const child = spawn(process.execPath, [...process.execArgv, FRUGAL, ...process.argv.slice(1)], {
    stdio: 'inherit',
  });
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => child.kill(signal));
  }
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  if (signal !== null && OUT_OF_MEMORY.has(signal)) {
    say(
      "Node.js cannot work with as little address space as this process may have: raise the limit ('ulimit -v')",
    );
    return NOT_SUPPORTED;
  }
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}
