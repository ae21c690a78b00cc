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
  /** Whether the first process sees it. */
  readonly isInitial: boolean;
  /** Whether its root is that of the filesystem. */
  readonly isWhole: boolean;
  /** Rises with each mount that is made, until numbers are used again. */
  readonly id: number;
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
  const whole = objects.struct('super_block').word(superBlock, 's_root');
  const initial = initialNamespace(objects);
  for (const address of at()) {
    const root = own.word(type.at(address, 'mnt'), 'mnt_root');
    const namespace = type.word(address, 'mnt_ns');
    yield {
      address,
      root,
      parent: type.word(address, 'mnt_parent'),
      mountpoint: type.word(address, 'mnt_mountpoint'),
      isInternal: isInternal(objects, namespace),
      isInitial: namespace === initial,
      isWhole: root === whole,
      id: type.number(address, type.has('mnt_id_unique') ? 'mnt_id_unique' : 'mnt_id'),
    };
  }
}

/** The namespace of mounts that the first process is in. */
function initialNamespace(objects: Objects): VirtAddr {
  const proxy = objects.struct('task_struct').word(objects.symbol('init_task'), 'nsproxy');
  return proxy === 0n ? 0n : objects.struct('nsproxy').word(proxy, 'mnt_ns');
}

/** MNT_NS_INTERNAL is an error pointer (fs/mount.h); a mount that was taken away has none. */
function isInternal(objects: Objects, namespace: bigint): boolean {
  const value = BigInt.asIntN(objects.memory.format.wordBytes * 8, namespace);
  return value <= 0n && value >= -4095n;
}

const MOST_MOUNTS = 1_000_000;
