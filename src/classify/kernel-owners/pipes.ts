import type { VirtAddr } from '../../core/address.ts';
import type { Objects } from '../../objects/objects.ts';
import { pfnOfPage } from '../claimant.ts';
import { pipeBuffers, pipes, sparePages } from '../pipes.ts';
import { type FileHolders, heldBy } from './file-holders.ts';
import type { OwnerFinder } from './kernel-owner.ts';

/** The processes that have pipes open, in words: `web[214] pipe:[5120]`. */
export class PipeUsers {
  readonly #known: Map<VirtAddr, { readonly number: bigint; readonly processes: Set<string> }> = new Map();

  constructor(objects: Objects, holders: FileHolders) {
    const [file, inode] = [objects.struct('file'), objects.struct('inode')];
    for (const at of holders.files) {
      const node = file.word(at, 'f_inode');
      const pipe = node === 0n ? 0n : inode.word(node, 'i_pipe');
      if (pipe === 0n || !isPipe(inode.number(node, 'i_mode'))) continue;
      const known = this.#known.get(pipe) ?? { number: inode.word(node, 'i_ino'), processes: new Set() };
      for (const process of holders.of(at)) known.processes.add(process);
      this.#known.set(pipe, known);
    }
  }

  /** Who has a pipe open, by its pipe_inode_info. */
  of(pipe: VirtAddr): string {
    const known = this.#known.get(pipe);
    return known ? heldBy([...known.processes], `pipe:[${known.number}]`) : 'a pipe that no process has open';
  }
}

/** The processes that have a pipe open, for the pages that the pipe allocated (fs/pipe.c). */
export const pipeOwners: OwnerFinder = {
  name: 'pipes',
  find({ machine, holders }, tell) {
    const { objects } = machine;
    const users = new PipeUsers(objects, holders);
    const own = objects.symbol('anon_pipe_buf_ops');
    for (const pipe of pipes(machine)) {
      const pages = [...sparePages(objects, pipe)];
      for (const { page, ops } of pipeBuffers(objects, pipe)) if (ops === own) pages.push(page);
      for (const page of pages) {
        const pfn = pfnOfPage(machine, page);
        if (pfn !== undefined) tell(users.of(pipe), pfn);
      }
    }
  },
};

/** S_IFIFO (include/uapi/linux/stat.h): other inodes have something else in the place of i_pipe. */
function isPipe(mode: number): boolean {
  return (mode & 0o170000) === 0o010000;
}
