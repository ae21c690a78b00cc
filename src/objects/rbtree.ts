import { hex, type VirtAddr } from '../core/address.ts';
import type { Objects } from './objects.ts';
import { ChainError, MOST_ELEMENTS } from './walk.ts';

/** A red-black tree of 2^26 nodes is at most twice as high as that has bits. */
const MOST_DEPTH = 64;

/**
 * The nodes of a red-black tree in order, from the address of its `struct rb_root` (include/linux/rbtree_types.h). A child
 * must name its parent, so that a loop ends. Throws ChainError if one does not, and FaultError.
 */
export function* rbNodes(objects: Objects, root: VirtAddr): Generator<VirtAddr> {
  const { memory } = objects;
  const type = objects.struct('rb_node');
  const [left, right] = [BigInt(type.offset('rb_left')), BigInt(type.offset('rb_right'))];
  const parent = BigInt(type.offset('__rb_parent_color'));
  const name = `rbtree at ${hex(root)}`;
  let met = 0;
  const check = (child: VirtAddr, above: VirtAddr): VirtAddr => {
    if (child !== 0n && (memory.word(child + parent) & ~3n) !== above) {
      throw new ChainError(name, child, met, `its parent is not ${hex(above)}`);
    }
    return child;
  };
  const path: VirtAddr[] = [];
  let node = check(memory.word(root), 0n);
  while (node !== 0n || path.length > 0) {
    while (node !== 0n) {
      if (path.length >= MOST_DEPTH) throw new ChainError(name, node, met, 'it is too high');
      path.push(node);
      node = check(memory.word(node + left), node);
    }
    const next = path.pop()!;
    if (++met > MOST_ELEMENTS) throw new ChainError(name, next, met, 'it has no end');
    yield next;
    node = check(memory.word(next + right), next);
  }
}
