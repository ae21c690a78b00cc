import type { VirtAddr } from '../../core/address.ts';
import { pfnOfPage } from '../claimant.ts';
import { pipeBuffers, pipes, sparePages } from '../pipes.ts';
import { heldBy } from './file-holders.ts';
import type { OwnerFinder } from './kernel-owner.ts';

/** The processes that have a pipe open, for the pages that the pipe allocated (fs/pipe.c). */
export const pipeOwners: OwnerFinder = {
  name: 'pipes',
  find({ machine, holders }, tell) {
    const { objects } = machine;
    const [file, inode] = [objects.struct('file'), objects.struct('inode')];
    const users = new Map<VirtAddr, { readonly number: bigint; readonly processes: Set<string> }>();
    for (const at of holders.files) {
      const node = file.word(at, 'f_inode');
      const pipe = node === 0n ? 0n : inode.word(node, 'i_pipe');
      if (pipe === 0n) continue;
      const known = users.get(pipe) ?? { number: inode.word(node, 'i_ino'), processes: new Set() };
      for (const process of holders.of(at)) known.processes.add(process);
      users.set(pipe, known);
    }
    const own = objects.symbol('anon_pipe_buf_ops');
    for (const pipe of pipes(machine)) {
      const { number, processes } = users.get(pipe) ?? {};
      const owner =
        number === undefined ? 'pipe that no process has open' : heldBy([...processes!], `pipe:[${number}]`);
      const pages = [...sparePages(objects, pipe)];
      for (const { page, ops } of pipeBuffers(objects, pipe)) if (ops === own) pages.push(page);
      for (const page of pages) {
        const pfn = pfnOfPage(machine, page);
        if (pfn !== undefined) tell(owner, pfn);
      }
    }
  },
};
