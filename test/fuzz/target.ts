import type { Random } from './random.ts';

/** A part of structpage that takes what somebody else made. */
export interface Target<T = unknown> {
  readonly name: string;
  /** Share of all executions. */
  readonly weight: number;
  /** Inputs that are right, or once were. */
  readonly seeds: readonly T[];
  mutate(random: Random, input: T, inputs: readonly T[]): T;
  /**
   * Takes an input as users would. Gives a word for what came of it: an input after which that is new is worth to be mutated further.
   * Throws StructPageError for what is refused; anything else that it throws is a mistake.
   */
  run(input: T): Promise<string> | string;
}
