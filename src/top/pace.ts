/** The part of the time that samples may take, by default. */
export const DEFAULT_SHARE = 0.25;
/** The shortest interval, in milliseconds. */
export const SHORTEST = 100;

/** How long the interval must be for a sample of this cost to take no more than its share; in milliseconds. */
export function intervalFor(wanted: number, cost: number, share: number): number {
  return Math.max(SHORTEST, wanted, cost / share);
}
