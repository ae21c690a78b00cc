import { hex, type VirtAddr } from '../core/address.ts';
import type { KernelMemory } from './memory.ts';
import { ChainError, LoopGuard } from './walk.ts';

/**
 * The nodes of a `struct list_head`, without its head (include/linux/list.h). Each node must point back to the previous
 * one. Throws ChainError if one does not, and FaultError if memory is missing.
 */
export function* listNodes(memory: KernelMemory, head: VirtAddr): Generator<VirtAddr> {
  const guard = new LoopGuard(`list at ${hex(head)}`);
  const back = BigInt(memory.format.wordBytes);
  let before = head;
  for (let node = memory.word(head); node !== head; node = memory.word(node)) {
    checkNode(node, head, guard);
    guard.step(node);
    if (memory.word(node + back) !== before) {
      throw new ChainError(`list at ${hex(head)}`, node, guard.met - 1, 'its prev is not the node before it');
    }
    yield node;
    before = node;
  }
}

/** Like listNodes, for lists that are read under RCU, whose `prev` means nothing. */
export function* rcuListNodes(memory: KernelMemory, head: VirtAddr): Generator<VirtAddr> {
  const guard = new LoopGuard(`list at ${hex(head)}`);
  for (let node = memory.word(head); node !== head; node = memory.word(node)) {
    checkNode(node, head, guard);
    guard.step(node);
    yield node;
  }
}

/** A list is circular: a node with the address 0 was never initialised, or its memory is lost. */
function checkNode(node: VirtAddr, head: VirtAddr, { met }: LoopGuard): void {
  if (node === 0n) throw new ChainError(`list at ${hex(head)}`, node, met, 'its next node is at address 0');
}

/** Whether a list is empty. */
export function isEmptyList(memory: KernelMemory, head: VirtAddr): boolean {
  return memory.word(head) === head;
}
