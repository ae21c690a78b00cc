import { milliseconds } from './clock.ts';

/** The longest time that work may block the event loop, in milliseconds. */
const LONGEST = 20;

let last = milliseconds();

/** Lets the event loop handle signals, timers and the exit of workers. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * Yields to the event loop if long work has not done so recently; otherwise returns undefined. The check costs next to
 * nothing.
 */
export function breath(): Promise<void> | undefined {
  const now = milliseconds();
  if (now - last < LONGEST) return undefined;
  last = now;
  return turn();
}
