import type { VirtAddr } from '../core/address.ts';
import type { Objects } from './objects.ts';
import { xarrayEntries } from './xarray.ts';

/** The contents of a `struct idr`: each id with its pointer, ascending (include/linux/idr.h; a radix tree since 4.11). */
export function* idrEntries(
  objects: Objects,
  idr: VirtAddr,
): Generator<{ readonly id: number; readonly pointer: VirtAddr }> {
  const type = objects.struct('idr');
  const base = type.has('idr_base') ? type.number(idr, 'idr_base') : 0;
  for (const { index, entry } of xarrayEntries(objects, type.at(idr, 'idr_rt'))) {
    if ((entry & 3n) === 0n) yield { id: index + base, pointer: entry };
  }
}
