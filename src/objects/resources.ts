import type { VirtAddr } from '../core/address.ts';
import type { Objects } from './objects.ts';
import { ChainError, LoopGuard } from './walk.ts';

/** A resource of the tree in /proc/iomem (include/linux/ioport.h); both ends are included, as there. */
export interface Resource {
  readonly start: number;
  readonly end: number;
  readonly name: string;
  readonly depth: number;
}

const MOST_DEPTH = 32;

/** All resources below iomem_resource, parents before their children. */
export function* resources(objects: Objects): Generator<Resource> {
  const type = objects.struct('resource');
  const guard = new LoopGuard('tree of resources');
  function* level(first: VirtAddr, depth: number): Generator<Resource> {
    if (depth > MOST_DEPTH) throw new ChainError('tree of resources', first, guard.met, 'it is too deep');
    for (let at = first; at !== 0n; at = type.word(at, 'sibling')) {
      guard.step(at);
      const name = type.word(at, 'name');
      yield {
        start: type.number(at, 'start'),
        end: type.number(at, 'end'),
        name: name === 0n ? '' : objects.memory.string(name, 128),
        depth,
      };
      yield* level(type.word(at, 'child'), depth + 1);
    }
  }
  yield* level(type.word(objects.symbol('iomem_resource'), 'child'), 0);
}
