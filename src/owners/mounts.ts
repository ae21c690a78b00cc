import type { VirtAddr } from '../core/address.ts';
import { listNodes } from '../objects/list.ts';
import type { Objects } from '../objects/objects.ts';

/** A mount of a filesystem (struct mount, fs/mount.h). */
export interface Mount {
  readonly address: VirtAddr;
  /** The dentry that is its root. */
  readonly root: VirtAddr;
  /** The mount in which it is mounted (itself at the root of a tree), and the dentry that it covers there. */
  readonly parent: VirtAddr;
  readonly mountpoint: VirtAddr;
  /** Whether it is in no mount namespace, like the kernel's own mounts for memfd, pipes and shared memory. */
  readonly isInternal: boolean;
  /** Whether the first process sees it. */
  readonly isInitial: boolean;
  /** Whether its root is the root of the filesystem. */
  readonly isWhole: boolean;
  /** Ascends with the age of mounts, until numbers are reused. */
  readonly id: number;
}

/** The mounts of a super block, oldest first. */
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
    // since 6.18, a chain without a head; the lowest bit of a pointer is the kernel's lock
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

/** The mount namespace of the first process. */
function initialNamespace(objects: Objects): VirtAddr {
  const proxy = objects.struct('task_struct').word(objects.symbol('init_task'), 'nsproxy');
  return proxy === 0n ? 0n : objects.struct('nsproxy').word(proxy, 'mnt_ns');
}

/** MNT_NS_INTERNAL is an error pointer (fs/mount.h); an unmounted mount has no namespace. */
function isInternal(objects: Objects, namespace: bigint): boolean {
  const value = BigInt.asIntN(objects.memory.format.wordBytes * 8, namespace);
  return value <= 0n && value >= -4095n;
}

const MOST_MOUNTS = 1_000_000;
