import type { VirtAddr } from '../../core/address.ts';
import { nameSome } from '../../objects/name-some.ts';
import type { Objects } from '../../objects/objects.ts';
import { filesOf } from '../../objects/open-files.ts';
import { threads } from '../../objects/tasks.ts';

/** The processes that have files open, by the address of their struct file. */
export class FileHolders {
  readonly #byFile: Map<VirtAddr, string[]> = new Map();

  constructor(objects: Objects) {
    const tables = new Set<VirtAddr>();
    const task = objects.struct('task_struct');
    for (const { address, comm, pid } of threads(objects)) {
      const table = task.word(address, 'files');
      if (table === 0n || tables.has(table)) continue;
      tables.add(table);
      for (const file of new Set(filesOf(objects, table))) {
        const known = this.#byFile.get(file);
        if (known) known.push(`${comm}[${pid}]`);
        else this.#byFile.set(file, [`${comm}[${pid}]`]);
      }
    }
  }

  /** Every file that a process has open. */
  get files(): Iterable<VirtAddr> {
    return this.#byFile.keys();
  }

  /** The processes that have a file open. */
  of(file: VirtAddr): readonly string[] {
    return this.#byFile.get(file) ?? [];
  }
}

/** A thing and the processes that hold it, as `web[214] socket:[5120]`. */
export function heldBy(processes: readonly string[], thing: string): string {
  return processes.length === 0 ? thing : `${nameSome(processes)} ${thing}`;
}
