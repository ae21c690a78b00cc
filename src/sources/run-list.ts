import type { PhysicalRun, RunList } from './image-format.ts';

/** A run list from a generator function, which is called for each pass. */
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
