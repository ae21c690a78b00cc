import type { VirtAddr } from '../core/address.ts';
import { listNodes } from './list.ts';
import type { Objects } from './objects.ts';

/** A mounted filesystem (include/linux/fs.h). */
export interface SuperBlock {
  readonly address: VirtAddr;
  /** The name of its filesystem type, e.g. `ext4`. */
  readonly type: string;
  readonly id: string;
}

/** All super blocks, including those of pipes, sockets and anonymous inodes. */
export function* superBlocks(objects: Objects): Generator<SuperBlock> {
  const type = objects.struct('super_block');
  const filesystem = objects.struct('file_system_type');
  for (const node of listNodes(objects.memory, objects.symbol('super_blocks'))) {
    const address = type.container(node, 's_list');
    const kind = type.word(address, 's_type');
    const name = kind === 0n ? 0n : filesystem.word(kind, 'name');
    yield {
      address,
      type: name === 0n ? '' : objects.memory.string(name, 64),
      id: type.text(address, 's_id'),
    };
  }
}

/** The inodes of a super block that are in memory. */
export function* inodesOf(objects: Objects, superBlock: VirtAddr): Generator<VirtAddr> {
  const inode = objects.struct('inode');
  const head = objects.struct('super_block').at(superBlock, 's_inodes');
  for (const node of listNodes(objects.memory, head)) yield inode.container(node, 'i_sb_list');
}
