import type { VirtAddr } from '../core/address.ts';
import { openFiles } from '../objects/open-files.ts';
import type { CacheName } from '../objects/slab/active-objects.ts';
import type { Machine } from './claimant.ts';

export const FILE_CACHE: CacheName = { variables: ['filp_cachep'], name: 'filp' };

/**
 * Every `struct file` of some kinds once: those in tables of processes, and the rest of their slab cache, which are in
 * flight through a socket or held by the kernel alone. The operations tell the kind. Files that were freed and wait for RCU
 * are left out (f_ref since 6.13, f_count before).
 */
export function* filesOfKinds(machine: Machine, operations: ReadonlySet<VirtAddr>): Generator<VirtAddr> {
  const { objects, active } = machine;
  const file = objects.struct('file');
  const seen = new Set<VirtAddr>();
  for (const at of openFiles(objects)) {
    if (!operations.has(file.word(at, 'f_op'))) continue;
    seen.add(at);
    yield at;
  }
  for (const at of active.of(FILE_CACHE)) {
    if (seen.has(at) || !operations.has(file.word(at, 'f_op'))) continue;
    const count = file.has('f_ref.refcnt')
      ? file.signed(at, 'f_ref.refcnt') + 1
      : file.signed(at, ['f_count.counter', 'f_count']);
    if (count > 0) yield at;
  }
}
