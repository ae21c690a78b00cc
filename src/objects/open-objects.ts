import { findBtf } from '../kernel/find-btf.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { factsFromBtf } from '../layout/from-btf.ts';
import type { TypeFacts } from '../layout/type-facts.ts';
import { Objects } from './objects.ts';

/**
 * The objects of a kernel, by all of its types: those at hand may be no more than what decoding struct pages takes, so
 * the image's own BTF is opened where it has any.
 */
export function openObjects(kernel: Kernel, types: TypeFacts): Objects {
  if (types.confidence !== 'btf-in-image') return new Objects(kernel, types);
  const found = findBtf(kernel, []);
  return new Objects(kernel, found ? factsFromBtf(found.btf, found.from, 'btf-in-image') : types);
}
