import type { VirtAddr } from '../core/address.ts';
import { listNodes } from '../objects/list.ts';
import type { Objects } from '../objects/objects.ts';

/** A mount of a filesystem (struct mount, fs/mount.h). */
export interface Mount {
  readonly address: VirtAddr;
  /** The dentry that is its root. */
  readonly root: VirtAddr;
  /** The mount that it is mounted in, itself for the root of a tree, and the dentry that it covers there. */
  readonly parent: VirtAddr;
  readonly mountpoint: VirtAddr;
  /** Whether it is in no namespace of mounts: the kernel's own, of memfd, pipes, shared memory. */
  readonly isInternal: boolean;
}

/** The mounts of a super block, in the order in which they were made. */
export function* mountsOf(objects: Objects, superBlock: VirtAddr): Generator<Mount> {
  const type = objects.struct('mount');
  const own = objects.struct('vfsmount');
  const { memory } = objects;
  const at = function* (): Generator<VirtAddr> {
    const block = objects.struct('super_block');
    if (type.has('mnt_instance')) {
      for (const node of listNodes(memory, block.at(superBlock, 's_mounts')))
        yield type.container(node, 'mnt_instance');
      return;
    }
    // 6.18: a chain without a head in it; the lowest bit of a pointer is a lock of the kernel's
    let next = block.word(superBlock, 's_mounts') & ~1n;
    for (let met = 0; next !== 0n && met < MOST_MOUNTS; met++) {
      yield next;
      next = type.word(next, 'mnt_next_for_sb') & ~1n;
    }
  };
  for (const address of at()) {
    yield {
      address,
      root: own.word(type.at(address, 'mnt'), 'mnt_root'),
      parent: type.word(address, 'mnt_parent'),
      mountpoint: type.word(address, 'mnt_mountpoint'),
      isInternal: isInternal(type.word(address, 'mnt_ns')),
    };
  }
}

/** MNT_NS_INTERNAL is an error pointer (fs/mount.h); a mount that was taken away has none. */
function isInternal(namespace: bigint): boolean {
  return namespace === 0n || BigInt.asIntN(64, namespace) >= -4095n;
}

const MOST_MOUNTS = 1_000_000;
