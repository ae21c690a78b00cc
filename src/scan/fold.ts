import type { Decoder, PickedRows } from '../decode/decode.ts';
import { addSummary, type Summary, SummaryCounter } from '../views/summary.ts';

/**
 * SEAM: a result computed over all rows on several threads. Each thread folds the batches that it takes, in no order, and
 * the results are merged. To add one: write it in src/views, add its result to `FoldResults` and its line to FOLDS. A
 * result must be data that can be sent to another thread (maps, arrays, numbers, typed arrays).
 */
export interface Fold<R> {
  start(decoder: Decoder): Folding<R>;
  /** Adds the result of another thread, for other rows. */
  merge(into: R, other: R): void;
}

/** A fold in one thread. */
export interface Folding<R> {
  /** Adds rows of the batch in the decoder. */
  add(rows: PickedRows): void;
  result(): R;
}

/** The result of each fold. */
export interface FoldResults {
  readonly summary: Summary;
}

export type FoldName = keyof FoldResults;

/** Every fold by name. */
export const FOLDS: { readonly [N in FoldName]: Fold<FoldResults[N]> } = {
  summary: {
    start(decoder) {
      const counter = new SummaryCounter(decoder);
      return { add: (rows) => counter.add(rows), result: () => counter.summary() };
    },
    merge: addSummary,
  },
};
