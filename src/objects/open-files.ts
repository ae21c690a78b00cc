import type { VirtAddr } from '../core/address.ts';
import type { Objects } from './objects.ts';
import { threads } from './tasks.ts';

/** Maximum number of open files of a process (the default of sysctl fs.nr_open is 2^20). */
const MOST_FILES = 2 ** 24;

/** Each open `struct file` in the file tables of tasks, once. */
export function* openFiles(objects: Objects): Generator<VirtAddr> {
  const tables = new Set<VirtAddr>();
  const seen = new Set<VirtAddr>();
  const task = objects.struct('task_struct');
  for (const { address } of threads(objects)) {
    const table = task.word(address, 'files');
    if (table === 0n || tables.has(table)) continue;
    tables.add(table);
    for (const file of filesOf(objects, table)) {
      if (seen.has(file)) continue;
      seen.add(file);
      yield file;
    }
  }
}

/** The files of one files_struct, by ascending descriptor (include/linux/fdtable.h). */
export function* filesOf(objects: Objects, files: VirtAddr): Generator<VirtAddr> {
  const { memory } = objects;
  const table = objects.struct('files_struct').word(files, 'fdt');
  const type = objects.struct('fdtable');
  const count = Math.min(MOST_FILES, type.number(table, 'max_fds'));
  const fds = type.word(table, 'fd');
  const size = BigInt(memory.format.wordBytes);
  for (let fd = 0; fd < count; fd++) {
    const file = memory.word(fds + BigInt(fd) * size);
    // in some kernels the low bits are locks and flags
    if (file !== 0n) yield file & ~3n;
  }
}
