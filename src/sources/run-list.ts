import type { PhysicalRun } from './image-format.ts';

/**
 * The runs of a dump's memory, made one by one as they are asked for: where single pages are excluded, a list of
 * them all would be larger than the memory that structpage may use. Arrays are run lists, too.
 */
export interface RunList extends Iterable<PhysicalRun> {
  reduce<T>(step: (sum: T, run: PhysicalRun) => T, first: T): T;
}

/** A run list over a generator function, which is called anew for each pass. */
export function lazyRuns(generate: () => Iterable<PhysicalRun>): RunList {
  return {
    [Symbol.iterator]: () => generate()[Symbol.iterator](),
    reduce(step, first) {
      let sum = first;
      for (const run of generate()) sum = step(sum, run);
      return sum;
    },
  };
}
