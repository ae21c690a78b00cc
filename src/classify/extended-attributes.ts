import type { VirtAddr } from '../core/address.ts';
import { listNodes } from '../objects/list.ts';
import type { Objects } from '../objects/objects.ts';
import { rbNodes } from '../objects/rbtree.ts';
import { inodesOf, superBlocks } from '../objects/super-blocks.ts';
import { claimKmalloc } from './allocations.ts';
import type { Claimant } from './claimant.ts';
import { classCode } from './classes.ts';

/** Extended attributes of tmpfs files that are too large for a slab, so that kmalloc() allocated pages for them. */
export const extendedAttributes: Claimant = {
  name: 'extended attributes of tmpfs',
  symbols: ['super_blocks', 'page_offset_base'],
  claim(machine, claims) {
    const { objects } = machine;
    const info = objects.find('shmem_inode_info');
    const attribute = objects.find('simple_xattr');
    if (!info?.has('xattrs') || !attribute) return;
    const code = classCode('large_kmalloc', 'xattr');
    for (const { address, type } of superBlocks(objects)) {
      if (type !== 'tmpfs' && type !== 'devtmpfs') continue;
      for (const inode of inodesOf(objects, address)) {
        const holder = info.at(info.container(inode, 'vfs_inode'), 'xattrs');
        for (const at of attributesOf(objects, holder)) {
          const bytes = attribute.size + attribute.number(at, 'size');
          claimKmalloc(machine, claims, { address: at, bytes, code });
        }
      }
    }
  },
};

/** A list until 6.1, a tree since 6.2, and in 7.x a pointer to a hash table, which is not walked. */
function* attributesOf(objects: Objects, holder: VirtAddr): Generator<VirtAddr> {
  const type = objects.find('simple_xattrs');
  const attribute = objects.struct('simple_xattr');
  if (type?.has('rb_root') && attribute.has('rb_node')) {
    for (const node of rbNodes(objects, type.at(holder, 'rb_root'))) {
      yield attribute.container(node, 'rb_node');
    }
  } else if (type?.has('head') && attribute.has('list')) {
    const head = type.at(holder, 'head');
    if (objects.memory.word(head) === 0n) return;
    for (const node of listNodes(objects.memory, head)) yield attribute.container(node, 'list');
  }
}
