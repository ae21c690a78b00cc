import { findBtf } from '../kernel/find-btf.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { factsFromBtf } from '../layout/from-btf.ts';
import type { TypeFacts } from '../layout/type-facts.ts';
import { Objects } from './objects.ts';

/**
 * Opens the objects of a kernel with all of its types. The types at hand may be limited to those that decoding needs, so
 * the image's own BTF is used if there is one.
 */
export function openObjects(kernel: Kernel, types: TypeFacts): Objects {
  if (types.confidence !== 'btf-in-image') return new Objects(kernel, types);
  const found = findBtf(kernel, []);
  return new Objects(kernel, found ? factsFromBtf(found.btf, found.from, 'btf-in-image') : types);
}
