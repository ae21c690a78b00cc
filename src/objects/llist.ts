import { hex, type VirtAddr } from '../core/address.ts';
import type { KernelMemory } from './memory.ts';
import { LoopGuard } from './walk.ts';

/** The nodes of a `struct llist_head`, newest first (include/linux/llist.h). Throws ChainError if it loops. */
export function* llistNodes(memory: KernelMemory, head: VirtAddr): Generator<VirtAddr> {
  const guard = new LoopGuard(`llist at ${hex(head)}`);
  for (let node = memory.word(head); node !== 0n; node = memory.word(node)) {
    guard.step(node);
    yield node;
  }
}
