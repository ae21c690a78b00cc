import type { VirtAddr } from '../core/address.ts';
import { listNodes } from './list.ts';
import type { Objects } from './objects.ts';

/** The nodes (`struct plist_node`) of a `struct plist_head`, by priority (include/linux/plist.h). */
export function* plistNodes(objects: Objects, head: VirtAddr): Generator<VirtAddr> {
  const node = objects.struct('plist_node');
  const list = objects.struct('plist_head').at(head, 'node_list');
  for (const at of listNodes(objects.memory, list)) yield node.container(at, 'node_list');
}
