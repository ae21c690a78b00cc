import type { VirtAddr } from '../core/address.ts';
import type { Objects } from '../objects/objects.ts';
import { inodesOf, superBlocks } from '../objects/super-blocks.ts';
import { type Claimant, type Machine, pfnOfPage } from './claimant.ts';
import { classCode } from './classes.ts';
import { filesOfKinds } from './files.ts';

/** A full or half-full slot of a pipe (include/linux/pipe_fs_i.h). */
export interface PipeBuffer {
  readonly page: VirtAddr;
  readonly ops: VirtAddr;
  /** Address of its slot. */
  readonly at: VirtAddr;
}

const MOST_BUFFERS = 2 ** 20;

/** Every pipe once: those of pipefs, and open FIFOs. */
export function* pipes(machine: Machine): Generator<VirtAddr> {
  const { objects } = machine;
  const inode = objects.struct('inode');
  const seen = new Set<VirtAddr>();
  const add = function* (at: VirtAddr): Generator<VirtAddr> {
    const pipe = inode.word(at, 'i_pipe');
    if (pipe === 0n || seen.has(pipe)) return;
    seen.add(pipe);
    yield pipe;
  };
  for (const { address, type } of superBlocks(objects)) {
    if (type !== 'pipefs') continue;
    for (const at of inodesOf(objects, address)) yield* add(at);
  }
  const operations = new Set<VirtAddr>();
  for (const name of ['pipefifo_fops', 'pipeanon_fops']) {
    const ops = objects.findSymbol(name);
    if (ops !== undefined) operations.add(ops);
  }
  const file = objects.struct('file');
  for (const at of filesOfKinds(machine, operations)) yield* add(file.word(at, 'f_inode'));
}

/** The slots of a pipe that hold a page: `bufs[tail..head)`, a power-of-two ring since 5.5. */
export function* pipeBuffers(objects: Objects, pipe: VirtAddr): Generator<PipeBuffer> {
  const type = objects.struct('pipe_inode_info');
  const buffer = objects.struct('pipe_buffer');
  const bufs = type.word(pipe, 'bufs');
  const size = type.number(pipe, 'ring_size');
  const head = type.number(pipe, 'head');
  const tail = type.number(pipe, 'tail');
  if (bufs === 0n || size === 0 || size > MOST_BUFFERS) return;
  const width = type.place('head').size === 2 ? 65536 : 4294967296;
  const used = (head - tail + width) % width;
  for (let i = 0; i < Math.min(used, size); i++) {
    const at = bufs + BigInt(((tail + i) % size) * buffer.size);
    const page = buffer.word(at, 'page');
    if (page !== 0n) yield { page, ops: buffer.word(at, 'ops'), at };
  }
}

/** The pages that a pipe keeps for the next write; removed in 7.x. */
export function* sparePages(objects: Objects, pipe: VirtAddr): Generator<VirtAddr> {
  const type = objects.struct('pipe_inode_info');
  if (!type.has('tmp_page')) return;
  const { offset, size } = type.place('tmp_page');
  const { memory } = objects;
  for (let at = 0; at < size; at += memory.format.wordBytes) {
    const page = memory.word(pipe + BigInt(offset + at));
    if (page !== 0n) yield page;
  }
}

/** Pages that a pipe allocated itself; spliced pages belong to others. */
export const pipePages: Claimant = {
  name: 'pipes',
  symbols: ['super_blocks', 'init_task', 'pipefifo_fops', 'pipeanon_fops', 'anon_pipe_buf_ops'],
  claim(machine, claims) {
    const { objects } = machine;
    const own = objects.symbol('anon_pipe_buf_ops');
    const code = classCode('pipe');
    for (const pipe of pipes(machine)) {
      const pages = [...sparePages(objects, pipe)];
      for (const { page, ops } of pipeBuffers(objects, pipe)) if (ops === own) pages.push(page);
      for (const page of pages) {
        const pfn = pfnOfPage(machine, page);
        if (pfn !== undefined) claims.claim(pfn, code);
      }
    }
  },
};
