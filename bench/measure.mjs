// Runs commands in turn, and says how long they took.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const GNU_TIME = '/usr/bin/time';

/** What one run took: seconds from start to end, seconds of processors, and the most memory it had in MiB. */
function result(seconds, cpu = 0, mib = 0) {
  return { seconds, cpu, mib };
}

/** A runner of commands that keeps its notes in `folder`. */
export function runner(folder) {
  const notes = join(folder, 'time');
  return ([command, ...args]) => {
    const timed = existsSync(GNU_TIME) ? [GNU_TIME, '-f', '%M %U %S', '-o', notes] : [];
    const start = process.hrtime.bigint();
    const { status } = spawnSync('sh', [
      '-c',
      '"$@" > /dev/null 2> /dev/null',
      'sh',
      ...timed,
      command,
      ...args,
    ]);
    const seconds = Number(process.hrtime.bigint() - start) / 1e9;
    // what a dump lacks is told by 3
    if (status !== 0 && status !== 3) throw new Error(`${command} ${args.join(' ')} ended with ${status}`);
    if (timed.length === 0) return result(seconds);
    const [kib, user, system] = readFileSync(notes, 'utf8').trim().split('\n').at(-1).split(' ').map(Number);
    return result(seconds, user + system, kib / 1024);
  };
}

/** From the start of a command to its second line: the first one names the columns. */
export function firstRow([command, ...args]) {
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
      seconds > 0 ? resolve(result(seconds)) : reject(new Error(`${command} printed no row`)),
    );
  });
}

function median(list) {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** Runs several things in turn, a round to warm up first; medians of each, and the most memory. */
export async function inTurn(things, rounds, outputs = []) {
  const runs = things.map(() => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [i, thing] of things.entries()) {
      // a file that is there would have to be freed first
      for (const output of outputs) rmSync(output, { force: true });
      const run = await thing();
      if (round > 0) runs[i].push(run);
    }
  }
  for (const output of outputs) rmSync(output, { force: true });
  return runs.map((list) => ({
    seconds: median(list.map((r) => r.seconds)),
    cpu: median(list.map((r) => r.cpu)),
    mib: Math.max(...list.map((r) => r.mib)),
  }));
}

export function has(command) {
  return spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;
}
