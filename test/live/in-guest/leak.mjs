// Runs inside of a guest: a process that only keeps busy at first, and then leaks open files, and the pages of a deleted file, a
// little more at each step. It waits to be told on: the test stops the guest meanwhile and takes its memory.
import { closeSync, openSync, readFileSync, unlinkSync, writeFileSync, writeSync } from 'node:fs';
import { result } from './common.mjs';

/** Files opened at each step: about 4 MiB of struct file. */
const FILES = 16_000;
const MIB = Buffer.alloc(2 ** 20, 1);
const STEP_MILLISECONDS = 4000;

/** Work that gives back what it takes: files made, read and removed. */
const work = () => {
  for (let i = 0; i < 200; i++) {
    const path = `/tmp/work${i}`;
    writeFileSync(path, `${i}`.repeat(4000));
    readFileSync(path);
    unlinkSync(path);
  }
};

const deleted = openSync('/tmp/deleted', 'w');
unlinkSync('/tmp/deleted');
const leak = () => {
  for (let i = 0; i < FILES; i++) openSync('/dev/null', 'r');
  writeSync(deleted, MIB);
};

// tables for open files, and memory of the program itself, are taken before the first stop
const fds = Array.from({ length: 3 * FILES }, () => openSync('/dev/null', 'r'));
for (const fd of fds) closeSync(fd);
work();
for (const step of ['start', 'once', 'twice']) {
  if (step !== 'start') {
    work();
    leak();
  }
  result(step, { files: FILES });
  // the guest is stopped within this time
  await new Promise((resolve) => setTimeout(resolve, STEP_MILLISECONDS));
}
// the test ends the guest
setInterval(() => {}, 1e8);
