import { hex, type VirtAddr } from '../core/address.ts';
import type { KernelMemory } from './memory.ts';
import { LoopGuard } from './walk.ts';

/**
 * The nodes of a `struct hlist_head` (include/linux/list.h), and of an `hlist_bl_head` or `hlist_nulls_head`, whose lowest
 * bit is a lock or an end mark. Throws ChainError if it loops.
 */
export function* hlistNodes(memory: KernelMemory, head: VirtAddr): Generator<VirtAddr> {
  const guard = new LoopGuard(`hlist at ${hex(head)}`);
  let node = memory.word(head) & ~1n;
  for (; node !== 0n; node = memory.word(node)) {
    if ((node & 1n) === 1n) return; // hlist_nulls: the mark of the end
    guard.step(node);
    yield node;
  }
}
