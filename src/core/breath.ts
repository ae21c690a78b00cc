import { milliseconds } from './clock.ts';

/** How long the event loop may be kept waiting, in milliseconds. */
const LONGEST = 20;

let last = milliseconds();

/** Lets the events of the process be heard: a signal, a timer, the death of a worker. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * A turn of the event loop if the last one that long work has left it was long ago; else undefined, and nothing to wait
 * for: asking costs next to nothing.
 */
export function breath(): Promise<void> | undefined {
  const now = milliseconds();
  if (now - last < LONGEST) return undefined;
  last = now;
  return turn();
}
