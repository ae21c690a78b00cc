import type { PhysicalMemory } from './image-format.ts';

/**
 * Tells how much of its memory an image has lost to truncation or damage; undefined if nothing, or if the format cannot
 * tell.
 */
export function lossesOf(memory: PhysicalMemory): string | undefined {
  const bytes = memory.runs.reduce(
    (sums, { state, start, end }) => {
      sums[state] = (sums[state] ?? 0) + end - start;
      return sums;
    },
    {} as Record<string, number>,
  );
  const { truncated = 0, damaged = 0, present = 0 } = bytes;
  if (truncated + damaged === 0) return undefined;
  const lost = [
    ...(truncated > 0 ? [`${mib(truncated)} are not in the file`] : []),
    ...(damaged > 0 ? [`${mib(damaged)} are damaged`] : []),
  ].join(' and ');
  return `of the ${mib(truncated + damaged + present)} of memory that the dump is to hold, ${lost}; what leads to the page array is mostly at the end: copy the dump again, whole`;
}

function mib(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
